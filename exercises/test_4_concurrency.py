"""Drafts that are created once, however often the client sends them"""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.listings.api.examples import DRAFT
from apps.listings.models import Listing
from apps.listings.tests.factories import as_user
from apps.rest.models import IdempotencyKey
from apps.users.models import User
from apps.users.tests.factories import UserFactory

BULK = "/api/v1/listings/bulk/"
BODY = {"listings": [DRAFT, DRAFT]}


def send(api: APIClient, body: dict[str, Any] = BODY, key: str = "") -> Any:
    api.raise_request_exception = False
    return api.post(BULK, body, headers={"Idempotency-Key": key} if key else {})


@pytest.mark.django_db
def test_a_retry_creates_nothing(user_api: APIClient) -> None:
    """A retry with the same key creates no further drafts, and gets the first response.

    `create_booking` in apps/bookings/api/views.py shows how: move what the view does into a function,
    and pass it to `idempotency.run_once`.
    """
    key = uuid4().hex
    first, second = send(user_api, key=key), send(user_api, key=key)
    assert first.status_code == 201, first.json()
    assert Listing.objects.count() == 2, f"{Listing.objects.count()} drafts, and not 2"
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers.get("Idempotency-Replayed") == "true"


@pytest.mark.django_db
def test_a_new_key_creates_new_drafts(user_api: APIClient) -> None:
    """A request with another key creates drafts again, also with the same body.

    The key decides, and not the body: a host may have two rooms that look the same.
    """
    assert send(user_api, key="one").status_code == 201
    assert send(user_api, key="two").status_code == 201
    assert Listing.objects.count() == 4
    assert IdempotencyKey.objects.count() == 2, "the keys are not in the table of apps.rest"


@pytest.mark.django_db
def test_a_request_without_a_key_is_rejected(user_api: APIClient) -> None:
    """A request without a key gets a 400 with the code idempotency_key_missing, and creates nothing.

    `run_once` raises KeyMissing before it calls your function.
    """
    response = send(user_api)
    assert response.status_code == 400, f"the status is {response.status_code}"
    assert response.json()["code"] == "idempotency_key_missing"
    assert not Listing.objects.exists()


@pytest.mark.django_db
def test_a_key_belongs_to_one_request_of_one_user(user: User, user_api: APIClient) -> None:
    """Another body with a used key gets a 422, and another user may use the same key.

    `run_once` stores a fingerprint of the request with the key and the user.
    """
    assert send(user_api, key="same").status_code == 201
    other_body = {"listings": [DRAFT | {"title": "Another one"}]}
    assert send(user_api, other_body, "same").status_code == 422
    other = UserFactory.create()
    assert send(as_user(other), key="same").status_code == 201
    assert Listing.objects.filter(host=other).count() == 2


@pytest.mark.django_db
def test_a_rejected_request_does_not_use_up_its_key(user_api: APIClient) -> None:
    """A request that was rejected does not use up its key: the client fixes it and sends it again.

    Validate within the function that you pass to `run_once`, or before it: an exception stores nothing.
    """
    wrong = {"listings": [DRAFT | {"price": 0}]}
    assert send(user_api, wrong, "same").status_code == 400
    response = send(user_api, key="same")
    assert response.status_code == 201, f"the status is {response.status_code}"
    assert send(user_api, key="same").headers.get("Idempotency-Replayed") == "true"


@pytest.mark.django_db
def test_the_schema_tells_of_the_key(api: APIClient) -> None:
    """The OpenAPI document names the header Idempotency-Key, and that it is required.

    Add `idempotency.PARAMETER` and `idempotency.REPLAYED` to the `parameters` of `extend_schema`.
    """
    document = api.get("/api/v1/schema/?format=json").json()
    parameters = document["paths"][BULK]["post"].get("parameters", [])
    required = {
        each["name"] for each in parameters if each["in"] == "header" and each.get("required")
    }
    assert "Idempotency-Key" in required
