from unittest import mock

import pytest

from apps.bookings import services
from apps.bookings.states import Role, State
from apps.bookings.tests.factories import BookingFactory
from apps.live.models import Event


def test_guest_and_host_are_told_that_a_booking_has_changed(db: None) -> None:
    booking = BookingFactory.create(state=State.REQUESTED)
    services.transition(booking=booking, state=State.DECLINED, role=Role.HOST, user=booking.host)
    events = Event.objects.order_by("pk")
    assert {event.user for event in events} == {booking.guest, booking.host}
    data = {"booking": booking.pk, "state": "declined", "role": "host"}
    assert [(event.kind, event.data) for event in events] == [("booking_changed", data)] * 2


def test_a_booking_does_not_change_without_its_events(db: None) -> None:
    booking = BookingFactory.create(state=State.REQUESTED)
    with (
        mock.patch("apps.live.bookings.publish", side_effect=BrokenPipeError),
        pytest.raises(BrokenPipeError),
    ):
        services.transition(booking=booking, state=State.DECLINED, role=Role.HOST)
    booking.refresh_from_db()
    assert booking.state == State.REQUESTED
