"""Reviews of listings."""

from datetime import datetime
from typing import Any

import strawberry
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from strawberry import Info

from apps.bookings.selectors import for_guest
from apps.graphql.inputs import key_of, validated
from apps.graphql.rows import derived, one
from apps.listings.selectors import published
from apps.reviews import services
from apps.reviews.api.serializers import ReviewSerializer
from apps.reviews.models import Review


@strawberry.type(name="Review", description="The opinion of a guest about a stay.")
class ReviewType:
    id: strawberry.ID
    rating: int
    text: str
    author: str = derived(str, "author__name")
    created_at: datetime


def of_public_listings() -> QuerySet[Review]:
    """Return the reviews of all listings that are public."""
    return Review.objects.filter(listing__in=published())


@strawberry.input
class ReviewInput:
    rating: int
    text: str = ""


@strawberry.type
class Mutation:
    @strawberry.mutation
    def review_stay(
        self, info: Info[Any], booking: strawberry.ID, fields: ReviewInput
    ) -> ReviewType | None:
        """Review a completed stay of yours."""
        stay = get_object_or_404(for_guest(info.context.user), pk=key_of(booking))
        review = services.review(booking=stay, **validated(ReviewSerializer, fields))
        return one(Review.objects.filter(pk=review.pk))
