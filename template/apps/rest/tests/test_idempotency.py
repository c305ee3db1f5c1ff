from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.tests.factories import request_for
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.rest.models import IdempotencyKey
from apps.users.tests.factories import UserFactory

BOOKINGS = "/api/v1/bookings/"


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory.create()


def book(api: APIClient, listing: Listing, key: str, day: int = 13) -> Any:
    body = request_for(listing, timezone.now().date() + timedelta(days=10), nights=day - 10)
    return api.post(BOOKINGS, body, headers={"Idempotency-Key": key})


def test_the_same_request_again_gets_the_same_answer(user_api: APIClient, listing: Listing) -> None:
    first, again = book(user_api, listing, "a"), book(user_api, listing, "a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Booking.objects.count() == 1


def test_a_key_is_refused_to_another_request(user_api: APIClient, listing: Listing) -> None:
    book(user_api, listing, "a")
    answer = book(user_api, listing, "a", day=14)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "two words", "ümlaut", "x" * 256])
def test_a_request_without_a_proper_key_is_refused(
    user_api: APIClient, listing: Listing, key: str
) -> None:
    answer = book(user_api, listing, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert "such as a UUID" in answer.json()["detail"]


def test_a_request_that_was_refused_may_be_mended_under_its_key(
    user_api: APIClient, listing: Listing
) -> None:
    assert book(user_api, listing, "a", day=10).status_code == 400
    assert book(user_api, listing, "a").status_code == 201


def test_somebody_else_may_have_the_same_key(user_api: APIClient, listing: Listing) -> None:
    assert book(user_api, listing, "a").status_code == 201
    other = APIClient()
    other.force_authenticate(UserFactory.create())
    assert book(other, listing, "a").status_code == 409


def test_old_keys_are_forgotten(user_api: APIClient, listing: Listing) -> None:
    book(user_api, listing, "a")
    call_command("delete_expired_idempotency_keys")
    assert str(IdempotencyKey.objects.get()) == "a"
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    call_command("delete_expired_idempotency_keys")
    assert not IdempotencyKey.objects.exists()


def test_an_error_of_the_database_is_no_replay(
    user_api: APIClient, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let something else than the key break a constraint."""

    def break_a_constraint(**_: object) -> None:
        Booking.objects.bulk_create([Booking(pk=1, listing=listing)])

    monkeypatch.setattr("apps.bookings.services.book", break_a_constraint)
    user_api.raise_request_exception = False
    assert book(user_api, listing, "a").status_code == 500
    assert not IdempotencyKey.objects.exists()
