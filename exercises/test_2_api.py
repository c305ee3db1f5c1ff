"""An overview for hosts, in a fixed number of queries"""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.reviews.models import Review
from apps.users.models import User

OVERVIEW = "/api/v1/host-overview/"
MOST_QUERIES = 3


def stay(listing: Listing, month: int, nights: int, **fields: Any) -> Booking:
    check_in = date(2030, month, 1)
    days = {"check_in": check_in, "check_out": check_in + timedelta(days=nights)}
    return BookingFactory.create(listing=listing, **days, **{"state": State.COMPLETED} | fields)


def listing_with_stays(host: User, stays: int = 2) -> Listing:
    listing = ListingFactory.create(host=host)
    for month in range(1, stays + 1):
        booking = stay(listing, month, nights=month + 1)
        Review.objects.create(booking=booking, listing=listing, author=booking.guest, rating=4)
    return listing


def rows(api: APIClient, url: str = OVERVIEW) -> list[dict[str, Any]]:
    response = api.get(url)
    assert response.status_code == 200, f"GET {url} has the status {response.status_code}"
    body = response.json()
    return list(body["results"] if isinstance(body, dict) else body)


def queries(api: APIClient) -> int:
    with CaptureQueriesContext(connection) as captured:
        rows(api)
    return len(captured)


@pytest.mark.django_db
def test_only_signed_in_callers_may_read_it(api: APIClient, user_api: APIClient) -> None:
    """GET /api/v1/host-overview/ is there, and only for callers who are signed in.

    Apply exercises/2-api.patch, and add the view of apps/bookings/api/overview.py to `api_v1` in
    config/own_urls.py.
    """
    assert user_api.get(OVERVIEW).status_code == 200, "the URL leads to no view"
    assert api.get(OVERVIEW).status_code == 401


@pytest.mark.django_db
def test_the_numbers_are_right(user: User, user_api: APIClient) -> None:
    """The numbers are right, the newest listing first: completed stays, their nights, reviews.

    An aggregate over two joined tables counts each pair of rows. Count each table in a subquery of its
    own: `rating_sum` of `recompute_ratings` in apps/listings/services.py shows how.
    """
    first = listing_with_stays(user, stays=2)
    stay(first, 6, nights=5, state=State.CONFIRMED)
    second = ListingFactory.create(host=user)
    listing_with_stays(ListingFactory.create().host)
    third = listing_with_stays(user, stays=3)
    stay(third, 7, nights=4)
    wanted = [(third, 4, 13, 3), (second, 0, 0, 0), (first, 2, 5, 2)]
    assert rows(user_api) == [
        {"id": each.pk, "title": each.title, "stays": stays, "nights": nights, "reviews": reviews}
        for each, stays, nights, reviews in wanted
    ]


@pytest.mark.django_db
def test_the_number_of_queries_is_fixed(user: User, user_api: APIClient) -> None:
    """Five listings take as many queries as one, and that is at most three.

    Each `listing.bookings.all()` in the loop is a query. Move the read to apps/bookings/selectors.py,
    as one queryset with annotations.
    """
    listing_with_stays(user)
    one = queries(user_api)
    for _ in range(4):
        listing_with_stays(user)
    five = queries(user_api)
    assert five == one, f"{one} queries for one listing, {five} for five"
    assert five <= MOST_QUERIES, f"{five} queries"


@pytest.mark.django_db
def test_it_has_pages(user: User, user_api: APIClient) -> None:
    """It has pages: `page_size=2` returns two listings, and `next` leads to the others.

    `pagination_class = KeysetPagination` and `orderings`, as in ReviewListView in
    apps/reviews/api/views.py.
    """
    listings = [ListingFactory.create(host=user) for _ in range(5)]
    url, seen, pages = f"{OVERVIEW}?page_size=2", [], 0
    while url and pages < 5:
        page = user_api.get(url).json()
        assert isinstance(page, dict), "the response is a list without links"
        assert len(page["results"]) <= 2, f"a page of {len(page['results'])} listings"
        seen += [row["id"] for row in page["results"]]
        url, pages = page["next"], pages + 1
    assert seen == [listing.pk for listing in reversed(listings)]
