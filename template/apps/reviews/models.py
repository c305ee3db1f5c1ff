from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.bookings.models import Booking
from apps.listings.models import Listing

MAX_TEXT = 2000


class Review(models.Model):
    """What a guest says of a stay, once."""

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

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rating__gte=1, rating__lte=5),
                name="reviews_review_rating_is_1_to_5",
            )
        ]
        indexes = [models.Index(fields=["listing", "id"], name="reviews_review_by_listing")]

    def __str__(self) -> str:
        return f"{self.rating}/5"
