from typing import Any

from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.listings.tests.factories import as_user
from apps.live.models import Event
from apps.messaging.models import Message
from apps.users.models import User


def path_of(booking: Booking) -> str:
    return f"/api/v1/bookings/{booking.pk}/messages/"


def send(user: User, booking: Booking, text: str = "We arrive at six.") -> Any:
    return as_user(user).post(path_of(booking), {"text": text})


def test_the_parties_of_a_booking_write_to_each_other(db: None) -> None:
    booking = BookingFactory.create()
    sent = [send(each, booking) for each in (booking.guest, booking.host)]
    assert [response.status_code for response in sent] == [201, 201]
    assert str(Message.objects.get(pk=sent[0].json()["id"])).startswith(f"{booking.pk}: 20")
    page = as_user(booking.guest).get(path_of(booking)).json()
    assert page["results"] == [response.json() for response in reversed(sent)]
    assert page["results"][0]["sender"] == booking.host.name


def test_the_other_party_is_told(db: None) -> None:
    booking = BookingFactory.create()
    for sender, other in ((booking.guest, booking.host), (booking.host, booking.guest)):
        message = send(sender, booking).json()
        event = Event.objects.latest("pk")
        assert (event.user, event.kind) == (other, "message_sent")
        assert event.data == {"booking": booking.pk, "message": message["id"]}


def test_a_booking_without_messages_has_an_empty_list(db: None) -> None:
    booking = BookingFactory.create()
    assert as_user(booking.host).get(path_of(booking)).json()["results"] == []


def test_nobody_else_reads_or_writes_messages(user_api: APIClient) -> None:
    booking = BookingFactory.create()
    assert send(booking.guest, booking).status_code == 201
    assert user_api.get(path_of(booking)).status_code == 404
    assert user_api.post(path_of(booking), {"text": "Hello."}).status_code == 404


def test_a_message_has_a_text_of_limited_length(db: None) -> None:
    booking = BookingFactory.create()
    statuses = [send(booking.guest, booking, text).status_code for text in ("", "a" * 2001, "\x00")]
    assert statuses == [400] * 3
    assert Event.objects.count() == 0
