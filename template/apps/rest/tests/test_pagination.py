import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIClient

from apps.bookings.tests.factories import BookingFactory
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.rest.pagination import KeysetPagination, Ordering
from apps.users.models import User

LISTINGS = "/api/v2/listings/"
BY_PRICE = {"ordering": "price", "currency": "ETB"}


def follow(api: APIClient, link: str, direction: str = "next") -> tuple[list[int], str]:
    """Return the ids of all pages from a URL on, and the URL of the last page."""
    found = []
    while True:
        page = api.get(link).json()
        ids = [listing["id"] for listing in page["results"]]
        found += ids if direction == "next" else ids[::-1]
        assert len(found) < 100, "The pages do not end."
        if not page[direction]:
            return found, link
        link = page[direction]


@pytest.mark.parametrize("ordering", ["newest", "price", "-price"])
@given(
    prices=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["ETB", "USD"])), max_size=12),
    size=st.integers(1, 13),
)
def test_pages_have_each_row_once_and_in_order_in_both_directions(
    api: APIClient, db: None, ordering: str, prices: list[tuple[int, str]], size: int
) -> None:
    Listing.objects.all().delete()
    for price, currency in prices:
        ListingFactory.create(price=price, currency=currency)
    columns = {"newest": ("-pk",), "price": ("price", "pk"), "-price": ("-price", "-pk")}[ordering]
    listings = Listing.objects.filter(currency="ETB").order_by(*columns)
    expected = list(listings.values_list("pk", flat=True))
    url = f"{LISTINGS}?currency=ETB&ordering={ordering}&page_size={size}"
    found, last = follow(api, url)
    assert found == expected
    assert follow(api, last, "previous")[0] == expected[::-1]


@pytest.mark.parametrize("url", ["/api/v1/bookings/?", "/api/v1/users/me/listings/?"])
def test_private_lists_have_keyset_pagination(user_api: APIClient, user: User, url: str) -> None:
    listings = ListingFactory.create_batch(3, host=user)
    bookings = [BookingFactory.create(guest=user) for _ in range(3)]
    expected = [row.pk for row in (bookings if "bookings" in url else listings)]
    found, last = follow(user_api, f"{url}page_size=1")
    assert found == expected[::-1]
    assert follow(user_api, last, "previous")[0] == expected


def test_a_concurrent_insert_neither_repeats_nor_skips_a_row(api: APIClient, db: None) -> None:
    first, second, third = ListingFactory.create_batch(3)
    page = api.get(LISTINGS, {"page_size": 1}).json()
    assert page["results"][0]["id"] == third.pk
    ListingFactory.create()
    third.delete()
    assert follow(api, page["next"])[0] == [second.pk, first.pk]


def test_links_keep_the_other_parameters(api: APIClient, db: None) -> None:
    ListingFactory.create_batch(2)
    link = api.get(LISTINGS, {"page_size": "1", "kind": "home", "fields": "title"}).json()["next"]
    assert link.startswith(f"http://testserver{LISTINGS}?")
    query = parse_qs(urlsplit(link).query)
    assert (query["page_size"], query["kind"], query["fields"]) == (["1"], ["home"], ["title"])


def cursor_of(api: APIClient) -> list[Any]:
    """Return the decoded cursor of the second page, ordered by price."""
    ListingFactory.create_batch(2)
    link = api.get(LISTINGS, BY_PRICE | {"page_size": "1"}).json()["next"]
    (text,) = parse_qs(urlsplit(link).query)["cursor"]
    return list(orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4))))


@pytest.mark.parametrize(
    "change",
    [
        lambda cursor: ["-price", *cursor[1:]],
        lambda cursor: [cursor[0], 1, *cursor[2:]],
        lambda cursor: cursor[:-1],
        # As older versions wrote it, without the currency.
        lambda cursor: [*cursor[:2], *cursor[3:]],
        lambda cursor: [*cursor[:2], "USD", *cursor[3:]],
        lambda cursor: [*cursor[:-1], None],
        lambda cursor: [*cursor[:-1], 2**63],
        lambda cursor: [*cursor[:-1], "1"],
        lambda cursor: {},
    ],
)
def test_a_forged_cursor_is_rejected(api: APIClient, db: None, change: Any) -> None:
    text = urlsafe_b64encode(orjson.dumps(change(cursor_of(api)))).decode().rstrip("=")
    response = api.get(LISTINGS, BY_PRICE | {"cursor": text})
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["pointer"], "Begin with the first page" in error["detail"]) == ("#/cursor", True)


def test_a_cursor_is_valid_for_one_currency(api: APIClient, db: None) -> None:
    text = urlsafe_b64encode(orjson.dumps(cursor_of(api))).decode().rstrip("=")
    for currency, status in {"ETB": 200, "USD": 400}.items():
        response = api.get(LISTINGS, BY_PRICE | {"cursor": text, "currency": currency})
        assert response.status_code == status


def test_each_invalid_cursor_raises_its_own_exception() -> None:
    """The traceback of a shared exception would grow, and keep every request in memory."""
    request = Request(RequestFactory().get("/", {"cursor": "invalid"}))
    raised = []
    for _ in range(2):
        with pytest.raises(ValidationError) as error:
            KeysetPagination().parse_request(request, {"newest": Ordering("id")}, Listing)
        raised.append(error.value)
    assert raised[0] is not raised[1]


@given(
    parts=st.lists(
        st.sampled_from(["price", "newest", "ETB"])
        | st.booleans()
        | st.integers(-(2**66), 2**66)
        | st.floats()
        | st.none()
        | st.text(max_size=3)
        | st.just([]),
        max_size=5,
    ),
    end=st.sampled_from(["", "=", "==", "A", "\n", "*", "\0"]),
)
def test_no_cursor_causes_a_server_error(
    api: APIClient, db: None, parts: list[Any], end: str
) -> None:
    text = urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=") + end
    response = api.get(LISTINGS, BY_PRICE | {"cursor": text})
    if response.status_code != 400:
        assert response.status_code == 200
        assert parts[0] == "price"
        assert [type(part) for part in parts[1:]] == [bool, str, int, int]


def test_a_position_has_one_cursor(api: APIClient, db: None) -> None:
    written = orjson.dumps(cursor_of(api))
    for text, status in [(written, 200), (written.replace(b",", b", "), 400)]:
        cursor = urlsafe_b64encode(text).decode().rstrip("=")
        for end, code in [("", status), ("=", 400), ("!", 400), ("A" * 1000, 400)]:
            response = api.get(LISTINGS, BY_PRICE | {"cursor": cursor + end})
            assert response.status_code == code, cursor + end


def test_links_keep_parameters_with_several_values(api: APIClient, db: None) -> None:
    ListingFactory.create_batch(2, kind="room")
    ListingFactory.create(kind="home")
    ListingFactory.create(kind="shared")
    found, _ = follow(api, f"{LISTINGS}?kind=room&kind=home&page_size=1")
    assert len(found) == 3
