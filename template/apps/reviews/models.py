from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.bookings.models import Booking
from apps.listings.models import Listing
from apps.listings.services import recompute_ratings

MAX_TEXT = 2000


class ReviewQuerySet(models.QuerySet["Review"]):
    """Recomputes the ratings of listings, as the model does. A review never changes its listing."""

    def update(self, **fields: Any) -> int:
        with recompute_ratings(self.values_list("listing", flat=True), self.model.objects.all()):
            return super().update(**fields)

    def bulk_create(self, objs: Iterable["Review"], *args: Any, **options: Any) -> list["Review"]:
        reviews = list(objs)
        with recompute_ratings([review.listing_id for review in reviews], self.model.objects.all()):
            return super().bulk_create(reviews, *args, **options)

    def delete(self) -> tuple[int, dict[str, int]]:
        with recompute_ratings(self.values_list("listing", flat=True), self.model.objects.all()):
            return super().delete()

    # As in Django: the manager has no `delete`, which would delete all rows.
    delete.queryset_only = True  # type: ignore[attr-defined]
    delete.alters_data = True  # type: ignore[attr-defined]


class Review(models.Model):
    """The opinion of a guest on a stay: one for each booking."""

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
    text = models.TextField(_("text"), max_length=MAX_TEXT, blank=True)
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
        """Recompute the rating of the listing, too."""
        with recompute_ratings([self.listing_id], Review.objects.all()):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Recompute the rating of the listing, too."""
        with recompute_ratings([self.listing_id], Review.objects.all()):
            return super().delete(*args, **kwargs)
