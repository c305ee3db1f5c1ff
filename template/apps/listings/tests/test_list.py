import json
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.listings import selectors
from apps.listings.api.serializers import ListingCardSerializer, ListingCardV2Serializer
from apps.listings.models import Status
from apps.listings.tests.factories import ListingFactory, PhotoFactory

LISTINGS = "/api/v1/listings/"
LISTINGS_V2 = "/api/v2/listings/"


def ids(api: APIClient, **parameters: Any) -> list[int]:
    """Return the ids that version 2 lists."""
    answer = api.get(LISTINGS_V2, parameters)
    assert answer.status_code == 200, answer.json()
    return [listing["id"] for listing in answer.json()["results"]]


def test_everybody_lists_what_is_published(api: APIClient, db: None) -> None:
    listing = ListingFactory.create()
    ListingFactory.create(status=Status.DRAFT)
    ListingFactory.create(status=Status.ARCHIVED)
    assert ids(api) == [listing.pk]


@pytest.mark.parametrize(
    ("address", "serializer"),
    [(LISTINGS, ListingCardSerializer), (LISTINGS_V2, ListingCardV2Serializer)],
)
def test_the_projection_writes_what_the_serializer_would(
    api: APIClient, db: None, address: str, serializer: type[ListingCardSerializer]
) -> None:
    rated = ListingFactory.create(rating_sum=13, rating_count=3)
    PhotoFactory.create(listing=rated, position=2)
    PhotoFactory.create(listing=rated, position=1)
    ListingFactory.create(amenities=[], latitude=-0.5)
    listings = selectors.with_cover(selectors.published()).order_by("-pk")
    written = json.loads(json.dumps(serializer(listings, many=True).data))
    assert api.get(address).json()["results"] == written


@pytest.mark.parametrize("rows", [1, 100])
@pytest.mark.parametrize("address", [LISTINGS, LISTINGS_V2])
def test_a_page_costs_one_query(
    api: APIClient,
    db: None,
    rows: int,
    address: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    host = ListingFactory.create().host
    for listing in ListingFactory.create_batch(rows - 1, host=host):
        PhotoFactory.create(listing=listing)
    with django_assert_num_queries(1):
        answer = api.get(address, {"page_size": 100})
    assert len(answer.json()["results"]) == rows


def test_version_1_says_that_it_ends(api: APIClient, db: None) -> None:
    answer = api.get(LISTINGS)
    assert answer["Deprecation"] == "@1795219200"
    assert answer["Sunset"] == "Sun, 21 Nov 2027 00:00:00 GMT"
    assert answer["Link"] == f'<{LISTINGS_V2}>; rel="successor-version"'
    assert "Deprecation" not in api.get(LISTINGS_V2)


def test_version_2_shows_no_price_without_its_currency(api: APIClient, db: None) -> None:
    ListingFactory.create(price=990, currency="EUR")
    assert api.get(LISTINGS).json()["results"][0]["price"] == 990
    card = api.get(LISTINGS_V2).json()["results"][0]
    assert card["price"] == {"amount": 990, "currency": "EUR"}
    assert "currency" not in card


@pytest.mark.parametrize("address", [LISTINGS, LISTINGS_V2])
@pytest.mark.parametrize("fields", ["title", "host,title", "rating", "price", "cover"])
def test_only_the_fields_that_are_asked_for_come(
    api: APIClient, db: None, address: str, fields: str
) -> None:
    ListingFactory.create()
    card = api.get(address, {"fields": fields}).json()["results"][0]
    assert card.keys() == {"id", *fields.split(",")}
    assert api.get(address).json()["results"][0].items() >= card.items()


def test_a_field_that_there_is_not_is_refused(api: APIClient, db: None) -> None:
    answer = api.get(LISTINGS_V2, {"fields": "title,secret"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/fields"
    assert "secret" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("wanted", "parameters"),
    [
        ({"kind": "room"}, {"kind": ["room", "shared"]}),
        ({"city": "Gondar"}, {"city": "Gondar"}),
        ({"country": "KE"}, {"country": "KE"}),
        ({"currency": "EUR"}, {"currency": "EUR"}),
        ({"price": 300_000}, {"price_min": 300_000}),
        ({"price": 200_000}, {"price_max": 200_000}),
        ({"capacity": 5}, {"guests": 5}),
        ({"amenities": ["parking", "pool", "wifi"]}, {"amenity": ["wifi", "pool"]}),
    ],
)
def test_a_filter_leaves_what_was_asked_for(
    api: APIClient, db: None, wanted: dict[str, Any], parameters: dict[str, Any]
) -> None:
    ListingFactory.create()
    listing = ListingFactory.create(**wanted)
    assert ids(api, **parameters) == [listing.pk]


def test_an_empty_filter_leaves_everything(api: APIClient, db: None) -> None:
    listing = ListingFactory.create()
    assert ids(api, amenity=[], q="") == [listing.pk]


@pytest.mark.parametrize(
    "parameters",
    [
        {"price_min": -1},
        {"kind": "castle"},
        {"guests": "many"},
        {"check_in": "2030-05-01"},
        {"check_in": "2030-05-02", "check_out": "2030-05-02"},
        {"ordering": "secret"},
        {"cursor": "secret"},
        {"page_size": 101},
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    api: APIClient, db: None, parameters: dict[str, Any]
) -> None:
    answer = api.get(LISTINGS_V2, parameters)
    assert answer.status_code == 400, answer.json()
    assert answer.json()["errors"]


def test_half_a_stay_is_a_problem_of_the_whole_request(api: APIClient, db: None) -> None:
    answer = api.get(LISTINGS_V2, {"check_out": "2030-05-01"})
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("#", "invalid")


# Where the database keeps an index of words, it has them when a transaction is committed.
@pytest.mark.django_db(transaction=True)
def test_a_search_finds_all_the_words_in_title_description_and_city(api: APIClient) -> None:
    listing = ListingFactory.create(
        title="Lakeside cabin", description="Rowing boat included.", city="Bahir Dar"
    )
    ListingFactory.create(title="Lakeside tent", city="Hawassa")
    assert ids(api, q="lakeside bahir boat") == [listing.pk]
    assert len(ids(api, q="LAKESIDE")) == 2
    assert ids(api, q="lakeside desert") == []
    assert ids(api, q='"(*&') == []


@pytest.mark.parametrize(
    ("check_in", "check_out", "is_free"),
    [
        ("2030-04-28", "2030-05-01", True),
        ("2030-05-04", "2030-05-06", True),
        ("2030-05-03", "2030-05-06", False),
        ("2030-05-02", "2030-05-03", False),
        ("2030-04-01", "2030-06-01", False),
    ],
)
def test_only_free_places_are_found_for_a_stay(
    api: APIClient, db: None, check_in: str, check_out: str, *, is_free: bool
) -> None:
    booking = BookingFactory.create()
    BookingFactory.create(
        listing=booking.listing, state=State.CANCELLED, check_in="2030-04-01", nights=33
    )
    found = ids(api, check_in=check_in, check_out=check_out)
    assert found == ([booking.listing_id] if is_free else [])


def test_a_booking_shows_at_once_in_what_is_free(api: APIClient, db: None) -> None:
    listing = ListingFactory.create()
    stay = {"check_in": "2030-05-01", "check_out": "2030-05-04"}
    assert ids(api, **stay) == [listing.pk]
    BookingFactory.create(listing=listing)
    assert ids(api, **stay) == []


def test_the_list_is_not_sent_again_to_those_who_have_it(api: APIClient, db: None) -> None:
    ListingFactory.create()
    first = api.get(LISTINGS_V2)
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    again = api.get(LISTINGS_V2, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    ListingFactory.create()
    assert api.get(LISTINGS_V2, headers={"If-None-Match": first["ETag"]}).status_code == 200
