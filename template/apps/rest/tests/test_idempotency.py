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


def book(api: APIClient, listing: Listing, key: str, nights: int = 3) -> Any:
    body = request_for(listing, timezone.now().date() + timedelta(days=10), nights=nights)
    return api.post(BOOKINGS, body, headers={"Idempotency-Key": key})


def test_a_retry_gets_the_stored_response(user_api: APIClient, listing: Listing) -> None:
    first, retry = book(user_api, listing, "a"), book(user_api, listing, "a")
    assert (first.status_code, retry.status_code) == (201, 201)
    assert retry.json() == first.json()
    assert retry["Location"] == first["Location"]
    assert retry["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Booking.objects.count() == 1


def test_a_key_is_rejected_for_a_different_request(user_api: APIClient, listing: Listing) -> None:
    book(user_api, listing, "a")
    response = book(user_api, listing, "a", nights=4)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "two words", "ümlaut", "x" * 256])
def test_a_request_without_a_valid_key_is_rejected(
    user_api: APIClient, listing: Listing, key: str
) -> None:
    response = book(user_api, listing, key)
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")
    assert "such as a UUID" in response.json()["detail"]


def test_a_rejected_request_does_not_consume_its_key(user_api: APIClient, listing: Listing) -> None:
    assert book(user_api, listing, "a", nights=0).status_code == 400
    assert book(user_api, listing, "a").status_code == 201


def test_another_user_may_use_the_same_key(user_api: APIClient, listing: Listing) -> None:
    assert book(user_api, listing, "a").status_code == 201
    other = APIClient()
    other.force_authenticate(UserFactory.create())
    # The request is executed, not replayed: the dates are unavailable.
    assert book(other, listing, "a").status_code == 409


def test_expired_keys_are_deleted(user_api: APIClient, listing: Listing) -> None:
    book(user_api, listing, "a")
    call_command("delete_expired_idempotency_keys")
    assert str(IdempotencyKey.objects.get()) == "a"
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    call_command("delete_expired_idempotency_keys")
    assert not IdempotencyKey.objects.exists()


def test_another_integrity_error_is_not_replayed(
    user_api: APIClient, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Violate a constraint other than the unique constraint of keys."""

    def violate_a_constraint(**_: object) -> None:
        Booking.objects.bulk_create([Booking(pk=1, listing=listing)])

    monkeypatch.setattr("apps.bookings.services.book", violate_a_constraint)
    user_api.raise_request_exception = False
    assert book(user_api, listing, "a").status_code == 500
    assert not IdempotencyKey.objects.exists()
