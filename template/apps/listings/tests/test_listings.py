from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.bookings.tests.factories import BookingFactory
from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory, PhotoFactory
from apps.users.models import User

LISTINGS = "/api/v1/listings/"
OWN_LISTINGS = "/api/v1/users/me/listings/"
NEW: dict[str, Any] = {
    "title": "Lakeside cabin",
    "description": "Rowing boat included.",
    "kind": "home",
    "city": "Bahir Dar",
    "country": "ET",
    "latitude": 11.59,
    "longitude": 37.39,
    "time_zone": "Africa/Addis_Ababa",
    "price": 180_000,
    "currency": "ETB",
    "capacity": 3,
    "amenities": ["wifi", "kitchen", "wifi"],
    "photos": [{"url": "https://img.example.com/a.jpg", "caption": "From the lake"}],
}


def url(listing: Listing, action: str = "") -> str:
    return f"{LISTINGS}{listing.pk}/{action}"


@pytest.fixture
def draft(user: User) -> Listing:
    """Return a draft of `user`, with a photo."""
    listing = ListingFactory.create(host=user, status=Status.DRAFT)
    PhotoFactory.create(listing=listing)
    return listing


def test_a_host_creates_updates_publishes_and_archives_a_listing(
    user_api: APIClient, api: APIClient, user: User
) -> None:
    created = user_api.post(LISTINGS, NEW)
    assert created.status_code == 201, created.json()
    listing = created.json()
    assert listing["status"] == "draft"
    assert listing["host"] == {"id": user.pk, "name": user.name}
    assert listing["amenities"] == ["kitchen", "wifi"]
    where = created["Location"]
    assert api.get(where).status_code == 404
    changed = user_api.patch(
        where, {"price": 200_000, "photos": []}, headers={"If-Match": created["ETag"]}
    )
    assert (changed.json()["price"], changed.json()["photos"]) == (200_000, [])
    assert changed["ETag"] != created["ETag"]
    photos = user_api.patch(where, {"photos": NEW["photos"]}, headers={"If-Match": changed["ETag"]})
    published = user_api.post(f"{where}publish/", headers={"If-Match": photos["ETag"]})
    assert published.json()["status"] == "published"
    assert api.get(where).json()["photos"] == NEW["photos"]
    archived = user_api.post(f"{where}archive/", headers={"If-Match": published["ETag"]})
    assert archived.json()["status"] == "archived"
    assert api.get(where).status_code == 404
    assert user_api.get(where).json() == archived.json()


@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\x85", "\u2028", "\u202e"])
@pytest.mark.parametrize("name", ["title", "city", "street", "caption", "url"])
def test_a_control_character_in_a_field_of_one_line_is_rejected(
    user_api: APIClient, draft: Listing, name: str, character: str
) -> None:
    text = f"https://img.example.com/{character}a"
    changed: dict[str, Any] = {name: text}
    pointer = f"#/{name}"
    if name in {"caption", "url"}:
        changed = {"photos": [{"url": "https://img.example.com/a.jpg", name: text}]}
        pointer = f"#/photos/0/{name}"
    responses = [
        user_api.post(LISTINGS, NEW | changed),
        user_api.post(f"{LISTINGS}bulk/", {"listings": [NEW | changed]}),
        user_api.patch(url(draft), changed, headers={"If-Match": "*"}),
    ]
    for response in responses:
        assert response.status_code == 400, response.json()
        assert response.json()["errors"][0]["pointer"].endswith(pointer.lstrip("#"))
    assert Listing.objects.get() == draft


def test_a_description_has_line_breaks_and_no_other_control_characters(
    user_api: APIClient,
) -> None:
    text = "Quiet.\r\n\n\tWith a garden."
    created = user_api.post(LISTINGS, NEW | {"description": text})
    assert created.json()["description"] == text
    for character in "\x0b\x1b\x85\u202e":
        rejected = user_api.post(LISTINGS, NEW | {"description": f"Quiet{character}."})
        [error] = rejected.json()["errors"]
        assert (rejected.status_code, error["code"]) == (400, "control_characters")


def test_a_draft_can_be_deleted(user_api: APIClient, user: User, draft: Listing) -> None:
    headers = {"If-Match": "*"}
    assert user_api.delete(url(draft), headers=headers).status_code == 204
    assert user_api.get(url(draft)).status_code == 404
    assert user_api.delete(url(draft), headers=headers).status_code == 404
    assert Listing.history.get(id=draft.pk, history_type="-").history_user == user


def test_a_published_or_booked_listing_cannot_be_deleted(
    user_api: APIClient, user: User, draft: Listing
) -> None:
    booked = BookingFactory.create(listing=draft).listing
    published = ListingFactory.create(host=user)
    for listing in (booked, published):
        response = user_api.delete(url(listing), headers={"If-Match": "*"})
        assert (response.status_code, response.json()["code"]) == (409, "not_a_draft")


def test_other_users_cannot_see_a_draft_or_change_a_listing(user_api: APIClient, db: None) -> None:
    draft = ListingFactory.create(status=Status.DRAFT)
    published = ListingFactory.create()
    assert user_api.get(url(draft)).status_code == 404
    assert user_api.get(url(published)).status_code == 200
    for listing in (draft, published):
        headers = {"If-Match": "*"}
        assert user_api.patch(url(listing), {}, headers=headers).status_code == 404
        assert user_api.delete(url(listing), headers=headers).status_code == 404
        for action in ("publish/", "archive/"):
            assert user_api.post(url(listing, action), headers=headers).status_code == 404


def test_writing_listings_requires_authentication(api: APIClient, db: None) -> None:
    listing = ListingFactory.create()
    assert api.post(LISTINGS, NEW).status_code == 401
    assert api.patch(url(listing), {}).status_code == 401
    assert api.get(OWN_LISTINGS).status_code == 401


def test_optimistic_locking_rejects_a_stale_or_missing_version(
    user_api: APIClient, draft: Listing
) -> None:
    missing = user_api.patch(url(draft), {"price": 1})
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")
    etag = user_api.get(url(draft))["ETag"]
    assert user_api.patch(url(draft), {"price": 1}, headers={"If-Match": etag}).status_code == 200
    for method in (user_api.patch, user_api.delete):
        late = method(url(draft), {"price": 2}, headers={"If-Match": etag})
        assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    any_version = user_api.patch(url(draft), {"price": 3}, headers={"If-Match": "*"})
    assert any_version.json()["price"] == 3


def test_an_unchanged_listing_gets_304(user_api: APIClient, draft: Listing) -> None:
    first = user_api.get(url(draft))
    assert first["Cache-Control"] == "private, no-store"
    again = user_api.get(url(draft), headers={"If-None-Match": f'"x", W/{first["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == first["Cache-Control"]
    assert user_api.get(url(draft), headers={"If-None-Match": '"x"'}).status_code == 200


def test_publishing_requires_a_photo(user_api: APIClient, user: User) -> None:
    listing = ListingFactory.create(host=user, status=Status.DRAFT)
    response = user_api.post(url(listing, "publish/"), headers={"If-Match": "*"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "photo_required")


def test_several_drafts_are_created_together(user_api: APIClient) -> None:
    response = user_api.post(f"{LISTINGS}bulk/", {"listings": [NEW, {**NEW, "title": "Hut"}]})
    assert response.status_code == 201
    assert [listing["title"] for listing in response.json()] == [NEW["title"], "Hut"]


def test_creating_several_drafts_is_atomic(user_api: APIClient) -> None:
    response = user_api.post(f"{LISTINGS}bulk/", {"listings": [NEW, {**NEW, "price": 0}]})
    assert response.json()["errors"][0]["pointer"] == "#/listings/1/price"
    assert not Listing.objects.exists()


@pytest.mark.parametrize("count", [0, 51])
def test_the_number_of_drafts_in_one_request_is_limited(user_api: APIClient, count: int) -> None:
    response = user_api.post(f"{LISTINGS}bulk/", {"listings": [NEW] * count})
    assert response.status_code == 400
    assert "#/listings" in response.json()["errors"][0]["pointer"]


@pytest.mark.parametrize(
    "invalid",
    [
        {"price": 0},
        {"price": 19.99},
        {"currency": "XXX"},
        {"capacity": 51},
        {"latitude": 90.1},
        {"country": "et"},
        {"time_zone": "Africa/Nowhere"},
        {"amenities": ["butler"]},
        {"photos": [{"url": "javascript:alert(1)"}]},
        {"photos": NEW["photos"] * 21},
    ],
)
def test_an_invalid_listing_is_rejected(user_api: APIClient, invalid: dict[str, Any]) -> None:
    response = user_api.post(LISTINGS, NEW | invalid)
    assert response.status_code == 400
    (name,) = invalid
    assert response.json()["errors"][0]["pointer"].startswith(f"#/{name}")


@pytest.mark.parametrize("field", ["amenities", "photos", "listings"])
@pytest.mark.parametrize("item", ["x", "wifi", None, {}, [["x"] * 9]])
def test_the_length_of_a_list_is_validated_before_its_items(
    user_api: APIClient, field: str, item: Any
) -> None:
    # Each item could have an error, and validating an item takes longer than sending it.
    body: dict[str, Any] = NEW | {field: [item] * 1_000}
    response = user_api.post(f"{LISTINGS}{'bulk/' if field == 'listings' else ''}", body)
    (error,) = response.json()["errors"]
    assert error["code"] == "max_length"
    assert error["pointer"].startswith(f"#/{field}")


@pytest.mark.parametrize(
    "invalid",
    [
        {"kind": "x" * 100_000},
        {"currency": ["x"] * 10_000},
        {"amenities": ["x" * 100_000] * 9},
        {"amenities": [["x"] * 10_000] * 9},
        {"time_zone": "../" * 10_000},
        {"price": "1" * 100_000},
        {"latitude": "1" * 100_000},
        {"photos": [{"url": "https://" + "a." * 10_000}] * 20},
        {name: {} for name in NEW},
    ],
)
def test_a_problem_is_short_however_long_the_body_is(
    user_api: APIClient, invalid: dict[str, Any]
) -> None:
    assert len(user_api.post(LISTINGS, NEW | invalid).content) < 10_000
    response = user_api.post(f"{LISTINGS}bulk/", {"listings": [NEW | invalid] * 2})
    assert (response.status_code, len(response.content) < 20_000) == (400, True)


@pytest.mark.parametrize(
    "invalid",
    [
        {"kind": "castle"},
        {"status": "gone"},
        {"currency": "XXX"},
        {"price": 0},
        {"capacity": 51},
        {"latitude": 91},
        {"rating_sum": 6, "rating_count": 1},
    ],
)
def test_the_database_rejects_an_invalid_listing(db: None, invalid: dict[str, Any]) -> None:
    listing = ListingFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Listing.objects.filter(pk=listing.pk).update(**invalid)


@pytest.mark.parametrize("rows", [1, 100])
def test_the_list_of_own_listings_needs_two_queries(
    user_api: APIClient, user: User, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for listing in ListingFactory.create_batch(rows, host=user):
        PhotoFactory.create(listing=listing)
    ListingFactory.create()
    with django_assert_num_queries(2):
        response = user_api.get(OWN_LISTINGS, {"page_size": 100})
    assert len(response.json()["results"]) == rows


def test_the_history_records_who_changed_what(user_api: APIClient, user: User) -> None:
    where = user_api.post(LISTINGS, NEW)["Location"]
    user_api.patch(where, {"price": 1}, headers={"If-Match": "*"})
    newest, oldest = Listing.objects.get().history.all()
    assert (newest.price, oldest.price) == (1, NEW["price"])
    assert newest.history_user == oldest.history_user == user


def test_a_listing_and_a_photo_are_displayed_with_their_names(db: None) -> None:
    photo = PhotoFactory.create(listing__title="Hut", caption="")
    assert (str(photo.listing), str(photo)) == ("Hut", photo.url)
