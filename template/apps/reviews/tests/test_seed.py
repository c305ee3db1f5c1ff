from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Sum
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.bookings.models import Booking, BookingTransition
from apps.bookings.states import BLOCKING_STATES, State
from apps.listings.models import Listing
from apps.reviews.management.commands import seed as command
from apps.reviews.models import Review
from apps.users.models import User


@pytest.fixture(autouse=True)
def _few(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = True
    monkeypatch.setattr(command, "SIZES", {"small": 4, "medium": 6})
    monkeypatch.setattr(command, "BATCH", 3)


def seed(size: str = "small") -> str:
    output = StringIO()
    call_command("seed", size=size, stdout=output)
    return output.getvalue()


def rows() -> list[tuple[Any, ...]]:
    """Return the bookings, without columns that differ between runs."""
    bookings = Booking.objects.order_by("listing__host__email", "check_in")
    return list(bookings.values_list("guest__email", "check_in", "check_out", "total", "state"))


def test_seeding_prints_progress_and_totals(db: None) -> None:
    output = seed()
    assert "3 of 4 listings after" in output
    assert "There are 4 listings, 200 bookings and" in output
    assert Review.objects.exists()
    assert BookingTransition.objects.count() == 200


def test_seeding_is_idempotent_and_a_larger_size_adds_rows(db: None) -> None:
    seed()
    before = rows()
    seed()
    assert rows() == before
    seed("medium")
    assert Listing.objects.count() == 6
    assert Booking.objects.count() == 300


def test_seeding_is_deterministic(db: None) -> None:
    seed()
    before = rows()
    for model in (Review, BookingTransition, Booking, Listing, User):
        model.objects.all().delete()
    seed()
    assert rows() == before


def test_seeded_rows_obey_the_rules(db: None) -> None:
    seed()
    assert {State(row[-1]) for row in rows()} == set(State) - {State.DECLINED}
    for listing in Listing.objects.all():
        held = list(listing.bookings.filter(state__in=BLOCKING_STATES).order_by("check_in"))
        for stay, following in pairwise(held):
            assert stay.check_out <= following.check_in
        sums = listing.reviews.aggregate(total=Sum("rating"), count=Count("pk"))
        assert (listing.rating_sum, listing.rating_count) == (sums["total"], sums["count"])
    assert not Booking.objects.filter(guest=F("listing__host")).exists()


def test_seeded_listings_are_in_the_public_list(api: APIClient, db: None) -> None:
    seed()
    assert len(api.get("/api/v2/listings/").json()["results"]) == 3


def test_seeding_is_rejected_in_production(settings: Settings, db: None) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        seed()
