"""Listings: the public ones, the user's own, and those that the user has booked."""

from datetime import date, datetime
from enum import Enum
from typing import Any

import strawberry
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ValidationError
from strawberry import UNSET, Info

from apps.bookings.selectors import public_listings, visible_listings
from apps.common.keyset import Ordering
from apps.graphql.inputs import key_of, validated, values_of
from apps.graphql.pages import NEWEST, Connection, Page
from apps.graphql.rows import Read, children, derived, one, pages, row
from apps.listings import selectors, services
from apps.listings.api.filters import ListingFilter
from apps.listings.api.serializers import ListingSerializer
from apps.listings.models import (
    MAX_PHOTOS,
    PUBLIC_DECIMAL_PLACES,
    Amenity,
    Currency,
    Kind,
    Listing,
    Status,
)
from apps.reviews.graphql import ReviewType, of_public_listings
from apps.users.models import User

strawberry.enum(Kind, name="ListingKind")
strawberry.enum(Status, name="ListingStatus")
strawberry.enum(Amenity)
strawberry.enum(Currency)


def shown_coordinate(value: float, is_exact: bool) -> float:  # noqa: FBT001  # a column
    return value if is_exact else round(value, PUBLIC_DECIMAL_PLACES)


def shown_street(street: str, is_exact: bool) -> str | None:  # noqa: FBT001
    return street if is_exact else None


def visible(user: User) -> QuerySet[Listing]:
    """Return the listings that a client may see, with `is_exact`."""
    return visible_listings(user) if user.is_authenticated else public_listings()


def own(user: User) -> QuerySet[Listing]:
    """Return the user's own listings, with `is_exact`."""
    return visible_listings(user).filter(host=user)


@strawberry.type(name="Person", description="What everybody may know of a user.")
class PersonType:
    id: strawberry.ID
    name: str


@strawberry.type(name="Photo")
class PhotoType:
    url: str
    caption: str


@strawberry.type(name="Listing", description="A place to stay.")
class ListingType:
    id: strawberry.ID
    title: str
    description: str
    kind: Kind
    city: str
    country: str
    time_zone: str
    price: int = strawberry.field(description="A night, in minor units.")
    currency: Currency
    capacity: int
    amenities: list[Amenity]
    status: Status
    rating: float | None
    rating_count: int
    version: int
    created_at: datetime
    updated_at: datetime
    # Exact for the host and for guests with a confirmed booking.
    latitude: float = derived(shown_coordinate, "latitude", "is_exact")
    longitude: float = derived(shown_coordinate, "longitude", "is_exact")
    street: str | None = derived(shown_street, "street", "is_exact")
    host: PersonType
    photos: list[PhotoType] = children(MAX_PHOTOS)
    reviews: Connection[ReviewType] = pages(of_public_listings, "listing_id")


@strawberry.enum
class ListingOrder(Enum):
    NEWEST = "newest"
    CHEAPEST = "cheapest"
    MOST_EXPENSIVE = "most_expensive"


ORDERINGS = {
    ListingOrder.NEWEST: NEWEST,
    ListingOrder.CHEAPEST: Ordering("price", within="currency"),
    ListingOrder.MOST_EXPENSIVE: Ordering("price", descending=True, within="currency"),
}


@strawberry.input(name="ListingFilter", description="The listings that match all of these.")
class ListingFilterInput:
    q: str | None = UNSET
    kind: list[Kind] | None = UNSET
    city: str | None = UNSET
    country: str | None = UNSET
    currency: Currency | None = UNSET
    price_min: int | None = UNSET
    price_max: int | None = UNSET
    guests: int | None = UNSET
    amenity: list[Amenity] | None = UNSET
    check_in: date | None = UNSET
    check_out: date | None = UNSET

    def parameters(self) -> MultiValueDict[str, str]:
        """Return what a client of the REST API would send."""
        return MultiValueDict(
            {
                name: [str(each) for each in (value if isinstance(value, list) else [value])]
                for name, value in values_of(self).items()
                if value is not None
            }
        )


@strawberry.type
class Query:
    listing: ListingType | None = row(visible)
    my_listings: Connection[ListingType] | None = pages(own)

    @strawberry.field
    def listings(
        self,
        where: ListingFilterInput | None = UNSET,
        order_by: ListingOrder = ListingOrder.NEWEST,
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Connection[ListingType] | None:
        """Read the public listings."""
        parameters = where.parameters() if where else MultiValueDict[str, str]()
        ordering, within = ORDERINGS[order_by], []
        if ordering.within:
            within = parameters.getlist(ordering.within)
            if not within:
                raise ValidationError({"currency": "This order requires it."}, "required")
        page = Page.of(first=first, after=after, last=last, before=before)
        rows = filtered(public_listings(), parameters) if parameters else public_listings()
        return Read(rows, page, ordering, tuple(within))  # type: ignore[return-value]  # is read later


def filtered(rows: QuerySet[Listing], parameters: MultiValueDict[str, str]) -> QuerySet[Listing]:
    """Return the rows that match the parameters of the REST API. Raises ValidationError."""
    filters = ListingFilter(parameters, rows)
    if not filters.is_valid():
        raise ValidationError(filters.errors)
    matching: QuerySet[Listing] = filters.qs
    return matching


@strawberry.input
class PhotoInput:
    url: str
    caption: str = ""


@strawberry.input
class ListingInput:
    """The fields of a listing. A change leaves those as they are that are not given."""

    title: str | None = UNSET
    description: str | None = UNSET
    kind: Kind | None = UNSET
    street: str | None = UNSET
    city: str | None = UNSET
    country: str | None = UNSET
    latitude: float | None = UNSET
    longitude: float | None = UNSET
    time_zone: str | None = UNSET
    price: int | None = UNSET
    currency: Currency | None = UNSET
    capacity: int | None = UNSET
    amenities: list[Amenity] | None = UNSET
    photos: list[PhotoInput] | None = UNSET


@strawberry.type
class Mutation:
    @strawberry.mutation
    def create_listing(self, info: Info[Any], fields: ListingInput) -> ListingType | None:
        """Create a draft."""
        user = info.context.user
        return shown(user, services.create(host=user, **validated(ListingSerializer, fields)))

    @strawberry.mutation
    def update_listing(
        self, info: Info[Any], id: strawberry.ID, fields: ListingInput, version: int
    ) -> ListingType | None:
        """Change your listing, unless it has another version by now."""
        user, listing = info.context.user, find_own(info, id)
        changes = validated(ListingSerializer, fields, instance=listing, partial=True)
        updated = services.update(listing=listing, user=user, versions=[version], **changes)
        return shown(user, updated)

    @strawberry.mutation
    def publish_listing(
        self, info: Info[Any], id: strawberry.ID, version: int
    ) -> ListingType | None:
        """Publish your listing, unless it has another version by now."""
        return transition(services.publish, info, id, version)

    @strawberry.mutation
    def archive_listing(
        self, info: Info[Any], id: strawberry.ID, version: int
    ) -> ListingType | None:
        """Archive your listing, unless it has another version by now."""
        return transition(services.archive, info, id, version)

    @strawberry.mutation
    def delete_listing(
        self, info: Info[Any], id: strawberry.ID, version: int
    ) -> strawberry.ID | None:
        """Delete a draft, unless it has another version by now."""
        listing = find_own(info, id)
        services.delete(listing=listing, user=info.context.user, versions=[version])
        return id


def transition(service: Any, info: Info[Any], id: str, version: int) -> Any:
    user, listing = info.context.user, find_own(info, id)
    return shown(user, service(listing=listing, user=user, versions=[version]))


def find_own(info: Info[Any], id: str) -> Listing:
    """Return a listing of the user. Raises Http404, also for other people's listings."""
    return get_object_or_404(selectors.for_host(info.context.user), pk=key_of(id))


def shown(user: User, listing: Listing) -> Any:
    return one(own(user).filter(pk=listing.pk))
