"""Where exactly a place is, is for its host and for the guests who are expected there."""

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
from apps.listings.api.serializers import ListingSerializer, PublicListingSerializer
from apps.listings.api.views import PublicListView
from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory
from apps.users.models import User
from apps.users.tests.factories import UserFactory

STREET = "Hidden Lane 7"
EXACT = {"street": STREET, "latitude": 9.036471829, "longitude": -38.745182736}
ROUNDED = {"latitude": 9.04, "longitude": -38.75}
# What of them no answer for others may have: digits after the second one.
SECRETS = (STREET, "Hidden", "036471", "745182")


def of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def address(listing: Listing) -> str:
    return f"/api/v1/listings/{listing.pk}/"


def place(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    return {name: value for name, value in answer.json().items() if name in EXACT}


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory.create(**EXACT)


def test_everybody_reads_roughly_where_it_is(api: APIClient, listing: Listing) -> None:
    for client in (api, of(UserFactory.create()), of(UserFactory.create(is_staff=True))):
        answer = client.get(address(listing))
        assert place(answer) == ROUNDED
        assert answer["Cache-Control"] == "private, no-store"
        assert not any(secret in answer.content.decode() for secret in SECRETS)


def test_the_host_reads_where_it_is(listing: Listing) -> None:
    assert place(of(listing.host).get(address(listing))) == EXACT
    (own,) = of(listing.host).get("/api/v1/users/me/listings/").json()["results"]
    assert own.items() >= EXACT.items()


@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.ARCHIVED])
@pytest.mark.parametrize("state", State)
def test_a_guest_reads_where_it_is_while_the_booking_is_confirmed(
    listing: Listing, state: State, status: Status
) -> None:
    booking = BookingFactory.create(listing=listing, state=state)
    listing.status = status
    listing.save()
    expected = EXACT if state == State.CONFIRMED else ROUNDED
    assert place(of(booking.guest).get(address(listing))) == expected


def test_a_booking_of_somebody_or_somewhere_else_tells_nothing(listing: Listing) -> None:
    guest = BookingFactory.create().guest
    BookingFactory.create(listing=listing)
    assert place(of(guest).get(address(listing))) == ROUNDED
    other_host = BookingFactory.create(guest=guest).host
    assert place(of(other_host).get(address(listing))) == ROUNDED


@pytest.mark.parametrize("state", State)
def test_of_what_is_archived_its_guests_alone_read(
    api: APIClient, listing: Listing, state: State
) -> None:
    booking = BookingFactory.create(listing=listing, state=state)
    listing.status = Status.ARCHIVED
    listing.save()
    guest, stranger = of(booking.guest), of(UserFactory.create())
    assert guest.get(address(listing)).status_code == 200
    assert stranger.get(address(listing)).status_code == 404
    assert api.get(address(listing)).status_code == 404
    for client, status in ((guest, 404), (api, 401)):
        anything: Any = {"headers": {"If-Match": "*"}}
        assert client.patch(address(listing), {"title": "Mine"}, **anything).status_code == status
        assert client.post(f"{address(listing)}publish/", **anything).status_code == status


def test_what_a_guest_has_kept_is_void_when_the_booking_is_confirmed(listing: Listing) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    guest = of(booking.guest)
    before = guest.get(address(listing))
    assert guest.get(address(listing), headers={"If-None-Match": before["ETag"]}).status_code == 304
    Booking.objects.update(state=State.CONFIRMED)
    after = guest.get(address(listing), headers={"If-None-Match": before["ETag"]})
    assert place(after) == EXACT
    Booking.objects.update(state=State.CANCELLED)
    gone = guest.get(address(listing), headers={"If-None-Match": after["ETag"]})
    assert place(gone) == ROUNDED


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?fields=latitude,longitude",
        "?ordering=price",
        "?city=Addis+Ababa",
        "?kind=home&guests=1",
        "?check_in=2031-01-01&check_out=2031-01-02",
    ],
)
def test_no_list_tells_where_it_is(listing: Listing, version: int, query: str) -> None:
    BookingFactory.create(listing=listing)
    for reader in (listing.host, listing.bookings.get().guest):
        answer = of(reader).get(f"/api/v{version}/listings/{query}")
        (card,) = answer.json()["results"]
        assert card.items() >= ROUNDED.items()
        assert not any(secret in answer.content.decode() for secret in SECRETS)


def test_no_list_has_a_field_filter_search_or_order_of_the_exact_place(
    api: APIClient, listing: Listing
) -> None:
    assert api.get("/api/v2/listings/", {"fields": "street"}).status_code == 400
    for word in ("Hidden", "Lane", "036471829", STREET):
        assert api.get("/api/v2/listings/", {"q": word}).json()["results"] == []
    asked = {each.field_name for each in ListingFilter.base_filters.values()}
    asked |= {order.column for order in PublicListView.orderings.values()}
    assert asked.isdisjoint(EXACT)


def test_no_booking_no_mail_and_no_replay_tells_where_it_is(
    listing: Listing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    with django_capture_on_commit_callbacks(execute=True):
        of(listing.host).post(f"/api/v1/bookings/{booking.pk}/confirm/")
    texts = [
        of(reader).get(f"/api/v1/bookings/{query}").content.decode()
        for reader in (booking.guest, booking.host)
        for query in ("", "?role=host", f"{booking.pk}/")
    ]
    texts += [f"{message.subject} {message.body}" for message in mail.outbox]
    assert len(texts) == 7
    assert not any(secret in text for secret in SECRETS for text in texts)


def test_reading_one_costs_two_queries(
    listing: Listing, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    guest = BookingFactory.create(listing=listing).guest
    for reader in (guest, listing.host, UserFactory.create()):
        with django_assert_num_queries(2):
            of(reader).get(address(listing))


def test_what_is_added_for_the_host_is_not_shown_to_others() -> None:
    host, others = ListingSerializer.Meta.fields, PublicListingSerializer.Meta.fields
    assert set(host) - set(others) == {"street"}


def test_the_document_tells_both_shapes() -> None:
    schemas = SchemaGenerator().get_schema(public=True)["components"]["schemas"]
    full, public = schemas["Listing"]["properties"], schemas["PublicListing"]["properties"]
    names = [each["$ref"].rpartition("/")[-1] for each in schemas["ReadListing"]["anyOf"]]
    assert names == ["Listing", "PublicListing"]
    assert full.keys() - public.keys() == {"street"}
    for name in ("latitude", "longitude"):
        rough = [schemas[each]["properties"][name] for each in ("ListingCard", "ListingCardV2")]
        assert all("ounded" in each["description"] for each in (public[name], *rough))
        assert "description" not in full[name]
