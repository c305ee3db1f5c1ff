from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.common.text import multiline
from apps.listings.models import Listing
from apps.listings.services import recompute_ratings

MAX_TEXT = 2000
# The fields that say which stay a review is about. They never change.
STAY = ("booking", "listing", "author")


class WrongStayError(ValidationError):
    """The stay is not completed, or the listing and the author are not those of the booking."""

    def __init__(self) -> None:
        text = _("A review is written once a stay is completed, by its guest, and keeps its stay.")
        super().__init__(text, code="wrong_stay")


def check_stays(reviews: list["Review"], allowed: Collection[tuple[int, ...]] = ()) -> None:
    """Raise ValidationError unless each review has an allowed stay. Default: completed ones."""
    if not allowed:
        ids = [review.booking_id for review in reviews]
        completed = Booking.objects.filter(pk__in=ids, state=State.COMPLETED)
        allowed = set(completed.values_list("pk", "listing", "guest"))
    if any((each.booking_id, each.listing_id, each.author_id) not in allowed for each in reviews):
        raise WrongStayError


class ReviewQuerySet(models.QuerySet["Review"]):
    """Obeys the rules of Review, and recomputes the ratings of listings like it."""

    def update(self, **fields: Any) -> int:
        if not {name.removesuffix("_id") for name in fields}.isdisjoint(STAY):
            raise WrongStayError
        with recompute_ratings(self.values_list("listing", flat=True), self.model.objects.all()):
            return super().update(**fields)

    def bulk_create(self, objs: Iterable["Review"], *args: Any, **options: Any) -> list["Review"]:
        reviews = list(objs)
        check_stays(reviews)
        with recompute_ratings([review.listing_id for review in reviews], self.model.objects.all()):
            return super().bulk_create(reviews, *args, **options)

    def delete(self) -> tuple[int, dict[str, int]]:
        with recompute_ratings(self.values_list("listing", flat=True), self.model.objects.all()):
            return super().delete()

    # As in Django: the manager has no `delete`, which would delete all rows.
    delete.queryset_only = True  # type: ignore[attr-defined]
    delete.alters_data = True  # type: ignore[attr-defined]


class Review(models.Model):
    """The opinion of a guest about a stay, at most one for each booking."""

    booking = models.OneToOneField(
        Booking, on_delete=models.PROTECT, related_name="review", verbose_name=_("booking")
    )
    listing = models.ForeignKey(
        Listing, on_delete=models.CASCADE, related_name="reviews", verbose_name=_("listing")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="reviews",
        verbose_name=_("author"),
    )
    rating = models.PositiveSmallIntegerField(_("rating"))
    text = multiline(models.TextField(_("text"), max_length=MAX_TEXT, blank=True))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rating__gte=1, rating__lte=5),
                name="reviews_review_rating_in_range",
            )
        ]
        indexes = [models.Index(fields=["listing", "id"], name="reviews_review_by_listing")]

    def __str__(self) -> str:
        return f"{self.rating}/5"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the review, and recompute the rating of its listing. Raises ValidationError."""
        self.check_stay()
        with recompute_ratings([self.listing_id], Review.objects.all()):
            super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        self.check_stay()

    def check_stay(self) -> None:
        """Raise ValidationError unless a new review is of a completed stay, and an old one of its own."""
        stored = Review.objects.filter(pk=self.pk).values_list(*STAY) if self.pk else ()
        check_stays([self], allowed=stored)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the review, and recompute the rating of its listing."""
        with recompute_ratings([self.listing_id], Review.objects.all()):
            return super().delete(*args, **kwargs)
