"""Only the host and guests with a confirmed booking see the street and exact coordinates."""

from typing import Any

import pytest
from django.core import mail
from drf_spectacular.generators import SchemaGenerator
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.listings.api.filters import ListingFilter
from apps.listings.api.lists import PublicListView
from apps.listings.api.serializers import ListingSerializer, PublicListingSerializer
from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory, as_user
from apps.users.tests.factories import UserFactory

STREET = "Hidden Lane 7"
EXACT = {"street": STREET, "latitude": 9.036471829, "longitude": -38.745182736}
ROUNDED = {"latitude": 9.04, "longitude": -38.75}
# Parts of EXACT that no list, mail or public response may have, such as further digits.
SECRETS = (STREET, "Hidden", "036471", "745182")


def url(listing: Listing) -> str:
    return f"/api/v1/listings/{listing.pk}/"


def location(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.content
    return {name: value for name, value in response.json().items() if name in EXACT}


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory.create(**EXACT)


def test_the_public_reads_rounded_coordinates(api: APIClient, listing: Listing) -> None:
    for client in (api, as_user(UserFactory.create()), as_user(UserFactory.create(is_staff=True))):
        response = client.get(url(listing))
        assert location(response) == ROUNDED
        assert response["Cache-Control"] == "private, no-store"
        assert not any(secret in response.content.decode() for secret in SECRETS)


def test_the_host_reads_exact_coordinates(listing: Listing) -> None:
    assert location(as_user(listing.host).get(url(listing))) == EXACT
    (listed,) = as_user(listing.host).get("/api/v1/users/me/listings/").json()["results"]
    assert listed.items() >= EXACT.items()


@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.ARCHIVED])
@pytest.mark.parametrize("state", State)
def test_a_guest_reads_exact_coordinates_only_while_the_booking_is_confirmed(
    listing: Listing, state: State, status: Status
) -> None:
    booking = BookingFactory.create(listing=listing, state=state)
    listing.status = status
    listing.save()
    expected = EXACT if state == State.CONFIRMED else ROUNDED
    assert location(as_user(booking.guest).get(url(listing))) == expected


def test_bookings_of_other_guests_or_listings_reveal_no_coordinates(listing: Listing) -> None:
    guest = BookingFactory.create().guest
    BookingFactory.create(listing=listing)
    assert location(as_user(guest).get(url(listing))) == ROUNDED
    other_host = BookingFactory.create(guest=guest).host
    assert location(as_user(other_host).get(url(listing))) == ROUNDED


@pytest.mark.parametrize("state", State)
def test_only_its_guests_read_an_archived_listing(
    api: APIClient, listing: Listing, state: State
) -> None:
    booking = BookingFactory.create(listing=listing, state=state)
    listing.status = Status.ARCHIVED
    listing.save()
    guest, stranger = as_user(booking.guest), as_user(UserFactory.create())
    assert guest.get(url(listing)).status_code == 200
    assert stranger.get(url(listing)).status_code == 404
    assert api.get(url(listing)).status_code == 404
    for client, status in ((guest, 404), (api, 401)):
        options: Any = {"headers": {"If-Match": "*"}}
        assert client.patch(url(listing), {"title": "Mine"}, **options).status_code == status
        assert client.post(f"{url(listing)}publish/", **options).status_code == status


def test_a_confirmed_booking_invalidates_the_etag_of_its_guest(listing: Listing) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    guest = as_user(booking.guest)
    before = guest.get(url(listing))
    assert guest.get(url(listing), headers={"If-None-Match": before["ETag"]}).status_code == 304
    Booking.objects.update(state=State.CONFIRMED)
    after = guest.get(url(listing), headers={"If-None-Match": before["ETag"]})
    assert location(after) == EXACT
    Booking.objects.update(state=State.CANCELLED)
    cancelled = guest.get(url(listing), headers={"If-None-Match": after["ETag"]})
    assert location(cancelled) == ROUNDED


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?fields=latitude,longitude",
        "?ordering=price&currency=ETB",
        "?city=Addis+Ababa",
        "?kind=home&guests=1",
        "?check_in=2031-01-01&check_out=2031-01-02",
    ],
)
def test_no_list_reveals_exact_coordinates(listing: Listing, version: int, query: str) -> None:
    BookingFactory.create(listing=listing)
    for reader in (listing.host, listing.bookings.get().guest):
        response = as_user(reader).get(f"/api/v{version}/listings/{query}")
        (card,) = response.json()["results"]
        assert card.items() >= ROUNDED.items()
        assert not any(secret in response.content.decode() for secret in SECRETS)


def test_no_filter_search_or_ordering_uses_exact_coordinates(
    api: APIClient, listing: Listing
) -> None:
    assert api.get("/api/v2/listings/", {"fields": "street"}).status_code == 400
    for word in ("Hidden", "Lane", "036471829", STREET):
        assert api.get("/api/v2/listings/", {"q": word}).json()["results"] == []
    used = {each.field_name for each in ListingFilter.base_filters.values()}
    used |= {ordering.column for ordering in PublicListView.orderings.values()}
    assert used.isdisjoint(EXACT)


def test_bookings_and_mails_reveal_no_exact_coordinates(
    listing: Listing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    with django_capture_on_commit_callbacks(execute=True):
        as_user(listing.host).post(f"/api/v1/bookings/{booking.pk}/confirm/")
    texts = [
        as_user(reader).get(f"/api/v1/bookings/{query}").content.decode()
        for reader in (booking.guest, booking.host)
        for query in ("", "?role=host", f"{booking.pk}/")
    ]
    texts += [f"{message.subject} {message.body}" for message in mail.outbox]
    assert len(texts) == 7
    assert not any(secret in text for secret in SECRETS for text in texts)


def test_retrieving_a_listing_needs_two_queries(
    listing: Listing, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    guest = BookingFactory.create(listing=listing).guest
    for reader in (guest, listing.host, UserFactory.create()):
        with django_assert_num_queries(2):
            as_user(reader).get(url(listing))


def test_the_public_serializer_has_all_fields_but_the_street() -> None:
    host, others = ListingSerializer.Meta.fields, PublicListingSerializer.Meta.fields
    assert set(host) - set(others) == {"street"}


def test_the_document_describes_the_public_and_the_full_listing() -> None:
    schemas = SchemaGenerator().get_schema(public=True)["components"]["schemas"]
    full, public = schemas["Listing"]["properties"], schemas["PublicListing"]["properties"]
    names = [each["$ref"].rpartition("/")[-1] for each in schemas["ListingDetail"]["anyOf"]]
    assert names == ["Listing", "PublicListing"]
    assert full.keys() - public.keys() == {"street"}
    for name in ("latitude", "longitude"):
        rough = [schemas[each]["properties"][name] for each in ("ListingCard", "ListingCardV2")]
        assert all("ounded" in each["description"] for each in (public[name], *rough))
        assert "description" not in full[name]
