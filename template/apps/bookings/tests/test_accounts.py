"""A deactivated account: its listings are not public, and its open requests are declined."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db.models import Case, QuerySet, Value
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from apps.bookings import services
from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.conftest import NOW
from apps.bookings.tests.factories import (
    BOOKINGS,
    BookingFactory,
    post_booking,
    request_for,
    stay,
)
from apps.listings.models import Listing
from apps.listings.tests.factories import as_user
from apps.users.models import User
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.usefixtures("now")
DAY = date(2030, 5, 2)


def save(user: User, *, is_active: bool, **options: Any) -> None:
    user = User.objects.get(pk=user.pk)
    user.is_active = is_active
    user.save(**options)


def in_admin(user: User, *, is_active: bool) -> None:
    client, page = Client(), reverse("admin:users_user_change", args=[user.pk])
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    form = client.get(page).context["adminform"].form
    fields = {name: form.initial.get(name) for name in ("email", "name", "opened_version")}
    response = client.post(page, fields | ({"is_active": "on"} if is_active else {}))
    assert response.status_code == 302, response.content


def rows(user: User) -> Any:
    return User.objects.filter(pk=user.pk)


WRITERS: dict[str, Callable[..., Any]] = {
    "save": save,
    "save of the field": lambda user, is_active: save(
        user, is_active=is_active, update_fields=["is_active"]
    ),
    "the admin": in_admin,
    "update": lambda user, is_active: rows(user).update(is_active=is_active),
    "update with an expression": lambda user, is_active: rows(user).update(
        is_active=Case(default=Value(is_active))
    ),
    "bulk_update": lambda user, is_active: User.objects.bulk_update(
        [User(pk=user.pk, is_active=is_active)], ["is_active"]
    ),
    "update_or_create": lambda user, is_active: User.objects.update_or_create(
        pk=user.pk, defaults={"is_active": is_active}
    ),
}


FILTERS = ("", "?city=Addis+Ababa", "?check_in=2030-07-01&check_out=2030-07-02")


def public_reads(listing: Listing, filters: tuple[str, ...]) -> dict[str, bool]:
    """Return for each public read whether it shows the listing."""
    api, one = APIClient(), f"/api/v1/listings/{listing.pk}/"
    lists = [f"/api/v{version}/listings/{filter_}" for version in (1, 2) for filter_ in filters]
    shown = {url: bool(api.get(url).json()["results"]) for url in lists}
    return shown | {url: api.get(url).status_code == 200 for url in (one, f"{one}reviews/")}


@pytest.mark.parametrize("writer", WRITERS)
def test_the_listings_of_a_deactivated_host_are_not_public(
    user_api: APIClient, listing: Listing, writer: str
) -> None:
    def book() -> int:
        return int(post_booking(user_api, request_for(listing, DAY)).status_code)

    # A write invalidates all cached lists together, so that one writer is enough for the filters.
    filters = FILTERS if writer == "save" else FILTERS[:1]
    for is_active in (True, False, True):
        WRITERS[writer](listing.host, is_active=is_active)
        # From the second request on, the lists are cached.
        for _ in range(3):
            shown = public_reads(listing, filters)
            assert set(shown.values()) == {is_active}, shown
        if not is_active:
            assert book() == 400
    assert book() == 201


def test_a_host_is_checked_under_the_lock_of_the_listing(listing: Listing) -> None:
    """The host is deactivated after the view has read the listing."""
    assert listing.host.is_active
    rows(listing.host).update(is_active=False)
    with pytest.raises(ValidationError, match="not available"):
        services.book(listing=listing, guest=UserFactory.create(), stay=stay(listing, DAY))


@pytest.mark.parametrize("role", ["guest", "host"])
@pytest.mark.parametrize("writer", WRITERS)
def test_the_open_requests_of_a_deactivated_user_are_declined(
    listing: Listing,
    role: str,
    writer: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    others = [
        BookingFactory.create(state=State.REQUESTED),
        *(
            BookingFactory.create(
                listing=listing,
                guest=booking.guest,
                state=state,
                check_in=date(2030, month, 1),
                check_out=date(2030, month, 4),
            )
            for month, state in enumerate((State.CONFIRMED, State.COMPLETED, State.CANCELLED), 6)
        ),
    ]
    before = [each.state for each in others]
    with django_capture_on_commit_callbacks(execute=True):
        WRITERS[writer](getattr(booking, role), is_active=False)
    booking.refresh_from_db()
    assert booking.state == State.DECLINED
    assert [sent.to for sent in mail.outbox] == [[booking.guest.email]]
    assert [Booking.objects.get(pk=each.pk).state for each in others] == before


def test_a_write_that_deactivates_nobody_declines_nothing(
    listing: Listing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        listing.host.save()
        listing.host.save(update_fields=["is_active"])
        rows(listing.host).update(last_login=NOW)
        UserFactory.create()
    assert not [each for each in callbacks if "decline" in repr(each)]


@pytest.mark.parametrize("role", ["guest", "host"])
def test_the_schedule_declines_requests_of_users_that_sql_has_deactivated(
    listing: Listing, role: str
) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED, check_in=DAY)
    # Bypass UserQuerySet.
    QuerySet.update(rows(getattr(booking, role)), is_active=False)
    call_command("process_due_bookings")
    booking.refresh_from_db()
    assert booking.state == State.DECLINED


def test_a_guest_keeps_the_confirmed_booking_of_a_deactivated_host(listing: Listing) -> None:
    booking = BookingFactory.create(listing=listing, check_in=DAY)
    rows(listing.host).update(is_active=False)
    guest = as_user(booking.guest)
    assert guest.get(f"/api/v1/listings/{listing.pk}/").json()["street"] == listing.street
    assert guest.get(f"{BOOKINGS}{booking.pk}/").json()["state"] == "confirmed"
    assert guest.post(f"{BOOKINGS}{booking.pk}/cancel/").status_code == 200
