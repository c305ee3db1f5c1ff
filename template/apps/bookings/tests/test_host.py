"""The host of a listing with bookings cannot change: its guests have an agreement with that host."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.listings import services
from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory
from apps.users.models import User
from apps.users.tests.factories import UserFactory


def save_with(listing: Listing, host: User) -> None:
    listing.host = host
    listing.save()


HOST_CHANGES: dict[str, Callable[[Listing, User], Any]] = {
    "save": save_with,
    "a service": lambda listing, host: services.update(
        listing=listing, user=host, versions=None, host=host
    ),
    "history": lambda listing, host: save_with(listing.history.latest().instance, host),
}


@pytest.mark.parametrize("writer", HOST_CHANGES)
@pytest.mark.parametrize("state", State)
def test_the_host_of_a_listing_with_bookings_cannot_change(
    listing: Listing, writer: str, state: State
) -> None:
    booking, other = BookingFactory.create(listing=listing, state=state), UserFactory.create()
    with pytest.raises(ValidationError, match="cannot change"):
        HOST_CHANGES[writer](listing, other)
    assert Listing.objects.get(pk=listing.pk).host == booking.host


@pytest.mark.parametrize("writer", HOST_CHANGES)
def test_the_host_of_a_listing_without_bookings_can_change(listing: Listing, writer: str) -> None:
    other = UserFactory.create()
    HOST_CHANGES[writer](listing, other)
    assert Listing.objects.get(pk=listing.pk).host == other


@pytest.mark.parametrize("bookings", [0, 1])
def test_the_admin_changes_the_host_only_of_a_listing_without_bookings(
    admin_client: Client, listing: Listing, bookings: int
) -> None:
    before, other = listing.host, UserFactory.create()
    BookingFactory.create_batch(bookings, listing=listing)
    where = reverse("admin:listings_listing_change", args=[listing.pk])
    form = admin_client.get(where).context["adminform"].form
    fields = {name: form.initial.get(name) for name in form.fields} | {
        "host": other.pk,
        # This form has no photos, and a published listing needs one.
        "status": Status.ARCHIVED,
        "photos-TOTAL_FORMS": 0,
        "photos-INITIAL_FORMS": 0,
    }
    response = admin_client.post(where, fields)
    if bookings:
        assert response.status_code == 200
        assert "cannot change" in response.content.decode()
    else:
        assert response.status_code == 302, response.content
    listing.refresh_from_db()
    assert listing.host == (before if bookings else other)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="no database server: set DATABASE_URL")
def test_the_database_rejects_another_host_of_a_listing_with_bookings(listing: Listing) -> None:
    """Write without the model, which validates first."""
    booking, other = BookingFactory.create(listing=listing), UserFactory.create()
    for rows in (Listing.objects.filter(pk=listing.pk), Booking.objects.filter(pk=booking.pk)):
        with pytest.raises(IntegrityError, match="host_is_fixed"), transaction.atomic():
            rows.update(host=other)
    ListingFactory.create()
    Listing.objects.exclude(pk=listing.pk).update(host=other)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="no database server: set DATABASE_URL")
def test_the_database_rejects_a_booking_with_another_host(listing: Listing) -> None:
    with pytest.raises(IntegrityError, match="host_is_fixed"), transaction.atomic():
        BookingFactory.create(listing=listing, host=UserFactory.create())
