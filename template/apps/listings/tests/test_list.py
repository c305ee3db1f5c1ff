import json
from typing import Any
from unittest import mock

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.common import statements
from apps.common.encoding import dump
from apps.common.statements import CompiledQuery
from apps.common.tests.test_schema import DOCUMENT
from apps.listings import selectors
from apps.listings.api.examples import DRAFT
from apps.listings.api.filters import ListingFilter
from apps.listings.api.serializers import ListingCardSerializer, ListingCardV2Serializer
from apps.listings.models import Status
from apps.listings.tests.factories import ListingFactory, PhotoFactory

LISTINGS = "/api/v1/listings/"
LISTINGS_V2 = "/api/v2/listings/"
DAYS = {"check_in": "2030-05-01", "check_out": "2030-05-04"}


def ids(api: APIClient, **parameters: Any) -> list[int]:
    """Return the ids in the list of version 2."""
    response = api.get(LISTINGS_V2, parameters)
    assert response.status_code == 200, response.json()
    return [listing["id"] for listing in response.json()["results"]]


def test_the_public_list_has_only_published_listings(api: APIClient, db: None) -> None:
    listing = ListingFactory.create()
    ListingFactory.create(status=Status.DRAFT)
    ListingFactory.create(status=Status.ARCHIVED)
    assert ids(api) == [listing.pk]


@pytest.mark.parametrize(
    ("url", "serializer"),
    [(LISTINGS, ListingCardSerializer), (LISTINGS_V2, ListingCardV2Serializer)],
)
def test_cards_equal_the_output_of_the_serializer(
    api: APIClient, db: None, url: str, serializer: type[ListingCardSerializer]
) -> None:
    rated = ListingFactory.create(rating_sum=13, rating_count=3)
    PhotoFactory.create(listing=rated, position=2)
    PhotoFactory.create(listing=rated, position=1)
    ListingFactory.create(amenities=[], latitude=-0.5)
    listings = selectors.cards().order_by("-pk")
    expected = json.loads(dump(serializer(listings, many=True).data))
    assert api.get(url).json()["results"] == expected


@pytest.mark.parametrize("rows", [1, 100])
@pytest.mark.parametrize("url", [LISTINGS, LISTINGS_V2])
def test_the_list_needs_one_query(
    api: APIClient,
    db: None,
    rows: int,
    url: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    host = ListingFactory.create().host
    for listing in ListingFactory.create_batch(rows - 1, host=host):
        PhotoFactory.create(listing=listing)
    with django_assert_num_queries(1):
        response = api.get(url, {"page_size": 100})
    assert len(response.json()["results"]) == rows


def test_following_pages_reuse_the_compiled_query(api: APIClient, db: None) -> None:
    ListingFactory.create_batch(3)
    url = f"{LISTINGS_V2}?page_size=1&ordering=newest"
    compiled = []
    for _ in range(3):
        with mock.patch.object(statements, "CompiledQuery", wraps=CompiledQuery) as compile_query:
            page = api.get(url).json()
        compiled.append(compile_query.call_count)
        assert len(page["results"]) == 1
        url = page["next"] or url
    assert compiled[2] == 0


def test_version_1_announces_its_deprecation(api: APIClient, db: None) -> None:
    response = api.get(LISTINGS)
    assert response["Deprecation"] == "@1795219200"
    assert response["Sunset"] == "Sun, 21 Nov 2027 00:00:00 GMT"
    assert response["Link"] == f'<{LISTINGS_V2}>; rel="successor-version"'
    assert "Deprecation" not in api.get(LISTINGS_V2)


@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_only_methods_that_the_successor_has_are_deprecated(
    user_api: APIClient, method: str
) -> None:
    response = getattr(user_api, method)(LISTINGS, DRAFT)
    # OPTIONS describes every method of the URL, also those that stay in version 1.
    is_deprecated = method in {"get", "head"}
    assert {name in response for name in ("Deprecation", "Sunset", "Link")} == {is_deprecated}
    if is_deprecated:
        assert getattr(user_api, method)(LISTINGS_V2).status_code == response.status_code == 200


def test_version_2_shows_a_price_with_its_currency(api: APIClient, db: None) -> None:
    ListingFactory.create(price=990, currency="EUR")
    assert api.get(LISTINGS).json()["results"][0]["price"] == 990
    card = api.get(LISTINGS_V2).json()["results"][0]
    assert card["price"] == {"amount": 990, "currency": "EUR"}
    assert "currency" not in card


@pytest.mark.parametrize("url", [LISTINGS, LISTINGS_V2])
@pytest.mark.parametrize("fields", ["title", "host,title", "rating", "price", "cover"])
def test_sparse_fields_limit_the_response(api: APIClient, db: None, url: str, fields: str) -> None:
    ListingFactory.create()
    card = api.get(url, {"fields": fields}).json()["results"][0]
    assert card.keys() == {"id", *fields.split(",")}
    assert api.get(url).json()["results"][0].items() >= card.items()


def test_an_unknown_field_is_rejected(api: APIClient, db: None) -> None:
    response = api.get(LISTINGS_V2, {"fields": "title,secret"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "#/fields"
    assert "secret" in response.json()["errors"][0]["detail"]


@pytest.mark.parametrize("url", [LISTINGS, LISTINGS_V2])
@pytest.mark.parametrize("fields", ["", ",", "title,", ",title", "title,,city"])
def test_an_empty_name_of_a_field_is_rejected(
    api: APIClient, db: None, url: str, fields: str
) -> None:
    (error,) = api.get(url, {"fields": fields}).json()["errors"]
    assert error["pointer"] == "#/fields"
    assert "Leave it out for all fields." in error["detail"]


def test_many_unknown_fields_are_not_all_quoted(api: APIClient, db: None) -> None:
    response = api.get(LISTINGS_V2, {"fields": ",".join(f"f{i}" for i in range(100_000))})
    assert (response.status_code, len(response.content) < 1_000) == (400, True)


def test_a_filter_may_have_the_same_value_many_times(api: APIClient, db: None) -> None:
    listing = ListingFactory.create(amenities=["pool"])
    assert ids(api, amenity=["pool"] * 1_000) == [listing.pk]
    assert ids(api, kind=["home"] * 1_000) == [listing.pk]


PARAMETERS = {
    parameter["name"]: parameter["schema"]
    for parameter in DOCUMENT["paths"][LISTINGS]["get"]["parameters"]
    if parameter["in"] == "query"
}


@pytest.mark.parametrize("name", ListingFilter.base_filters)
def test_a_filter_has_the_limits_that_the_schema_says(api: APIClient, db: None, name: str) -> None:
    schema, others = PARAMETERS[name], {"currency": "ETB"} | DAYS
    good, bad = {
        "integer": lambda: (
            [schema["minimum"], schema["maximum"]],
            [schema["minimum"] - 1, schema["maximum"] + 1],
        ),
        "string": lambda: (
            schema.get("enum") or [others.get(name, "x" * schema.get("maxLength", 1))],
            ["x" * (schema.get("maxLength", 9) + 1)],
        ),
        "array": lambda: (schema["items"]["enum"], ["x"]),
    }[schema["type"]]()
    for values, status in ((good, 200), (bad, 400)):
        for value in values:
            assert api.get(LISTINGS, others | {name: value}).status_code == status, value


@pytest.mark.parametrize(
    ("wanted", "parameters"),
    [
        ({"kind": "room"}, {"kind": ["room", "shared"]}),
        ({"city": "Gondar"}, {"city": "Gondar"}),
        ({"country": "KE"}, {"country": "KE"}),
        ({"currency": "EUR"}, {"currency": "EUR"}),
        ({"price": 300_000}, {"price_min": 300_000, "currency": "ETB"}),
        ({"price": 200_000}, {"price_max": 200_000, "currency": "ETB"}),
        ({"capacity": 5}, {"guests": 5}),
        ({"amenities": ["parking", "pool", "wifi"]}, {"amenity": ["wifi", "pool"]}),
    ],
)
def test_a_filter_selects_matching_listings(
    api: APIClient, db: None, wanted: dict[str, Any], parameters: dict[str, Any]
) -> None:
    ListingFactory.create()
    listing = ListingFactory.create(**wanted)
    assert ids(api, **parameters) == [listing.pk]


def test_an_empty_filter_selects_all_listings(api: APIClient, db: None) -> None:
    listing = ListingFactory.create()
    assert ids(api, amenity=[], q="") == [listing.pk]


@pytest.mark.parametrize(
    "parameters",
    [
        {"price_min": -1, "currency": "ETB"},
        {"kind": "castle"},
        {"guests": "many"},
        {"check_in": "2030-05-01"},
        {"check_in": "2030-05-02", "check_out": "2030-05-02"},
        {"ordering": "secret"},
        {"cursor": "secret"},
        {"page_size": 101},
    ],
)
def test_an_invalid_filter_is_rejected(
    api: APIClient, db: None, parameters: dict[str, Any]
) -> None:
    response = api.get(LISTINGS_V2, parameters)
    assert response.status_code == 400, response.json()
    assert response.json()["errors"]


@pytest.mark.parametrize("url", [LISTINGS, LISTINGS_V2])
@pytest.mark.parametrize(
    "query",
    [
        "price_min=0",
        "price_max=100",
        "price_min=1&price_max=100&guests=2",
        "ordering=price",
        "ordering=-price&page_size=1",
        "ordering=price&currency=",
        "price_min=1&currency=",
        "price_min=1&currency=&fields=title&q=house",
        "price_min=1&check_in=2030-05-01&check_out=2030-05-04",
        "price_min=1&currency=XXX",
        "price_min=1&currency=etb",
        "price_min=1&currency=ETB,USD",
        "ordering=price&currency=XXX",
        "ordering=price&currency=null",
        "ordering=price&currency=%20",
        "ordering=price&currency=ETB&currency=",
    ],
)
def test_amounts_are_compared_in_one_known_currency_only(
    api: APIClient, db: None, url: str, query: str
) -> None:
    response = api.get(f"{url}?{query}")
    assert response.status_code == 400, response.json()
    (error,) = response.json()["errors"]
    assert error["pointer"] == "#/currency"
    is_known = "currency=" not in query or query.endswith("currency=") or "&currency=&" in query
    assert (error["code"], "same currency" in error["detail"]) == (
        ("required", True) if is_known else ("invalid_choice", False)
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ordering=price", [150, 300]),
        ("ordering=-price", [300, 150]),
        ("price_min=100&price_max=200", [150]),
        ("ordering=price&price_min=0", [150, 300]),
    ],
)
def test_prices_are_compared_within_the_currency(
    api: APIClient, db: None, query: str, expected: list[int]
) -> None:
    for price, currency in [(300, "ETB"), (200, "USD"), (150, "ETB"), (100, "EUR")]:
        ListingFactory.create(price=price, currency=currency)
    cards = api.get(f"{LISTINGS_V2}?currency=ETB&{query}").json()["results"]
    assert [card["price"] for card in cards] == [
        {"amount": amount, "currency": "ETB"} for amount in expected
    ]


def test_own_listings_have_no_ordering_by_price(user_api: APIClient, db: None) -> None:
    for ordering in ("price", "-price"):
        response = user_api.get(f"/api/v1/users/me/listings/?ordering={ordering}&currency=ETB")
        assert response.json()["errors"][0]["pointer"] == "#/ordering"


def test_check_out_without_check_in_is_an_error_of_the_whole_request(
    api: APIClient, db: None
) -> None:
    response = api.get(LISTINGS_V2, {"check_out": "2030-05-01"})
    (error,) = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("#", "invalid")


# Some full-text indexes contain a row only after the commit.
@pytest.mark.django_db(transaction=True)
def test_a_search_matches_all_words_in_title_description_and_city(api: APIClient) -> None:
    listing = ListingFactory.create(
        title="Lakeside cabin", description="With a boat of wood.", city="Bahir Dar"
    )
    ListingFactory.create(title="Lakeside tent", city="Hawassa")
    assert ids(api, q="lakeside bahir boat") == [listing.pk]
    assert len(ids(api, q="LAKESIDE")) == 2
    assert ids(api, q="with a boat of wood") == [listing.pk]
    assert ids(api, q="lakeside desert") == []
    assert ids(api, q="boat or desert") == []
    assert ids(api, q='"(*&') == []


@pytest.mark.parametrize(
    ("check_in", "check_out", "is_available"),
    [
        ("2030-04-28", "2030-05-01", True),
        ("2030-05-04", "2030-05-06", True),
        ("2030-05-03", "2030-05-06", False),
        ("2030-05-02", "2030-05-03", False),
        ("2030-04-01", "2030-06-01", False),
    ],
)
def test_the_date_filter_finds_only_available_listings(
    api: APIClient, db: None, check_in: str, check_out: str, *, is_available: bool
) -> None:
    booking = BookingFactory.create()
    BookingFactory.create(
        listing=booking.listing, state=State.CANCELLED, check_in="2030-04-01", nights=33
    )
    found = ids(api, check_in=check_in, check_out=check_out)
    assert found == ([booking.listing_id] if is_available else [])


def test_a_booking_makes_a_listing_unavailable_immediately(api: APIClient, db: None) -> None:
    listing = ListingFactory.create()
    stay = {"check_in": "2030-05-01", "check_out": "2030-05-04"}
    assert ids(api, **stay) == [listing.pk]
    BookingFactory.create(listing=listing)
    assert ids(api, **stay) == []


def test_an_unchanged_list_gets_304(api: APIClient, db: None) -> None:
    ListingFactory.create()
    first = api.get(LISTINGS_V2)
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    again = api.get(LISTINGS_V2, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    ListingFactory.create()
    assert api.get(LISTINGS_V2, headers={"If-None-Match": first["ETag"]}).status_code == 200
