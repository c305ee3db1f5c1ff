"""Listings in the GraphQL API: the same rows, values and rules as in the REST API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient
from strawberry.utils.str_converters import to_camel_case

from apps.bookings.tests.factories import BookingFactory
from apps.graphql.tests.operations import send
from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory, PhotoFactory, as_user
from apps.reviews.tests.factories import ReviewFactory
from apps.users.models import User
from apps.users.tests.factories import UserFactory

FIELDS = """
    id title description kind city country timeZone price currency capacity amenities status rating
    ratingCount version createdAt updatedAt latitude longitude street host { id name } photos { url caption }
"""
DRAFT = {
    "title": "House",
    "kind": "HOME",
    "city": "Harar",
    "country": "ET",
    "latitude": 9.3111,
    "longitude": 42.1222,
    "timeZone": "Africa/Addis_Ababa",
    "price": 1000,
    "currency": "ETB",
    "capacity": 2,
    "amenities": ["WIFI", "KITCHEN"],
    "photos": [{"url": "https://img.example.com/a.jpg"}],
}
CREATE = "mutation ($fields: ListingInput!) { createListing(fields: $fields) {" + FIELDS + "} }"
DELETE = "mutation ($id: ID!, $version: Int!) { deleteListing(id: $id, version: $version) }"
LISTING = "query ($id: ID!) { listing(id: $id) {" + FIELDS + "} }"


def data(client: APIClient, query: str, **variables: Any) -> Any:
    """Return the data of a response without errors."""
    response = send(client, query, **variables)
    assert "errors" not in response, response
    return response["data"]


def code(client: APIClient, query: str, **variables: Any) -> str:
    """Return the code of the only error."""
    [error] = send(client, query, **variables)["errors"]
    return str(error["extensions"]["code"])


def as_in_rest(listing: dict[str, Any]) -> dict[str, Any]:
    """Return a listing of the REST API as GraphQL has it."""
    found = {to_camel_case(name): value for name, value in listing.items()}
    found["host"]["id"] = str(found["host"]["id"])
    for name in ("kind", "status"):
        found[name] = found[name].upper()
    found["amenities"] = [name.upper() for name in found["amenities"]]
    return {"street": None} | found | {"id": str(found["id"])}


@pytest.mark.django_db
def test_a_listing_has_the_values_of_the_rest_api(api: APIClient, user: User) -> None:
    listing = ListingFactory.create(latitude=9.123456)
    PhotoFactory.create(listing=listing, caption="garden")
    ReviewFactory.create(booking__listing=listing, rating=4)
    BookingFactory.create(listing=listing, guest=user)
    other = UserFactory.create()
    for client in (api, as_user(listing.host), as_user(user), as_user(other)):
        expected = client.get(f"/api/v1/listings/{listing.pk}/").json()
        assert data(client, LISTING, id=listing.pk)["listing"] == as_in_rest(expected)


def test_a_draft_is_null_for_others(api: APIClient, user_api: APIClient) -> None:
    draft = ListingFactory.create(status=Status.DRAFT)
    for client in (api, user_api):
        assert data(client, LISTING, id=draft.pk) == {"listing": None}
        page = data(client, "{ listings { edges { node { id } } } }")
        assert page == {"listings": {"edges": []}}


def ids(client: APIClient, arguments: str) -> list[int]:
    found = data(client, "{ listings(" + arguments + ") { edges { node { id } } } }")
    return [int(edge["node"]["id"]) for edge in found["listings"]["edges"]]


@pytest.mark.django_db
def test_the_list_has_the_filters_and_orders_of_the_rest_api(api: APIClient) -> None:
    cheap = ListingFactory.create(price=100, city="Harar").pk
    dear = ListingFactory.create(price=300, kind="room", amenities=["pool"]).pk
    other = ListingFactory.create(price=200, currency="USD").pk
    assert ids(api, "first: 3") == [other, dear, cheap]
    assert ids(api, "orderBy: CHEAPEST, where: {currency: ETB}") == [cheap, dear]
    assert ids(api, "orderBy: MOST_EXPENSIVE, where: {currency: ETB}") == [dear, cheap]
    assert ids(api, "where: {kind: [ROOM], amenity: [POOL]}") == [dear]
    assert ids(api, 'where: {city: "Harar", kind: null}') == [cheap]
    assert ids(api, "where: {currency: ETB, priceMin: 200}") == [dear]
    dates = 'checkIn: "2030-05-01", checkOut: "2030-05-02"'
    assert ids(api, "where: {" + dates + "}") == [other, dear, cheap]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    ["orderBy: CHEAPEST", "where: {priceMin: 1}", 'where: {checkIn: "2030-05-01"}', "first: 101"],
)
def test_an_invalid_list_is_rejected(api: APIClient, arguments: str) -> None:
    query = "{ listings(" + arguments + ") { edges { node { id } } } }"
    assert code(api, query) == "invalid"


LEVELS = """{ listings(first: 100) { edges { node { title host { name } photos { url }
    reviews(first: 2) { edges { node { rating author } } pageInfo { hasNextPage } } } } } }"""


@pytest.mark.django_db
def test_three_levels_take_three_queries_for_any_number_of_listings(api: APIClient) -> None:
    counts = []
    for number in (1, 20):
        for listing in ListingFactory.create_batch(number):
            ReviewFactory.create_batch(3, booking__listing=listing)
        with CaptureQueriesContext(connection) as queries:
            page = data(api, LEVELS)["listings"]["edges"]
        counts.append(len(queries))
    assert counts == [3, 3]
    for edge in page:
        reviews = edge["node"]["reviews"]
        assert (len(reviews["edges"]), reviews["pageInfo"]) == (2, {"hasNextPage": True})


def test_a_host_writes_listings_like_in_the_rest_api(user_api: APIClient, user: User) -> None:
    created = data(user_api, CREATE, fields=DRAFT)["createListing"]
    listing = Listing.objects.get()
    assert created == as_in_rest(user_api.get(f"/api/v1/listings/{listing.pk}/").json())
    assert (created["status"], created["amenities"]) == ("DRAFT", ["KITCHEN", "WIFI"])
    change = """mutation ($id: ID!, $version: Int!) {
        updateListing(id: $id, version: $version, fields: {title: "New"}) { title photos { url } } }"""
    changed = data(user_api, change, id=listing.pk, version=created["version"])["updateListing"]
    assert changed == {"title": "New", "photos": [{"url": "https://img.example.com/a.jpg"}]}
    assert code(user_api, change, id=listing.pk, version=0) == "precondition_failed"
    for action, status in (("publish", "PUBLISHED"), ("archive", "ARCHIVED")):
        query = DELETE.replace("deleteListing", f"{action}Listing").replace(") }", ") { status } }")
        listing.refresh_from_db()
        changed = data(user_api, query, id=listing.pk, version=listing.version)
        assert changed == {f"{action}Listing": {"status": status}}
    own = data(user_api, "{ myListings { edges { node { title } } } }")
    assert own == {"myListings": {"edges": [{"node": {"title": "New"}}]}}
    listing.refresh_from_db()
    assert code(user_api, DELETE, id=listing.pk, version=listing.version) == "not_a_draft"


def test_a_draft_can_be_deleted(user_api: APIClient, user: User) -> None:
    draft = ListingFactory.create(host=user, status=Status.DRAFT)
    found = data(user_api, DELETE, id=draft.pk, version=draft.version)
    assert found == {"deleteListing": str(draft.pk)}
    assert not Listing.objects.exists()


def test_the_errors_of_a_draft_point_at_its_fields(user_api: APIClient) -> None:
    fields = DRAFT | {"timeZone": "Mars", "photos": [{"url": "http://x"}]}
    [error] = send(user_api, CREATE, fields=fields)["errors"]
    pointers = [each["pointer"] for each in error["extensions"]["errors"]]
    assert pointers == ["#/timeZone", "#/photos/0/url"]


def test_photos_are_in_the_order_of_their_positions(user_api: APIClient, user: User) -> None:
    listing = ListingFactory.create(host=user)
    for position in (5, 3, 4):
        PhotoFactory.create(
            listing=listing, position=position, url=f"https://example.com/{position}"
        )
    query = "query ($id: ID!) { listing(id: $id) { photos { url } } }"
    urls = [photo["url"] for photo in data(user_api, query, id=listing.pk)["listing"]["photos"]]
    rest = user_api.get(f"/api/v1/listings/{listing.pk}/").json()["photos"]
    assert urls == [photo["url"] for photo in rest]
    assert urls[:3] == [f"https://example.com/{position}" for position in (3, 4, 5)]
