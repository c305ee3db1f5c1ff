from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.bookings.events import BookingChanged, booking_changed, booking_changing, publish
from apps.bookings.states import Role, State
from apps.common.tests.lines import LogLines

EVENT = BookingChanged(booking_id=1, state=State.CONFIRMED, role=Role.HOST)


def test_an_event_is_published_on_commit_although_a_receiver_fails(
    db: None,
    log: LogLines,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    received = []

    def fail(**_: Any) -> None:
        raise ValueError("There is a bug.")

    def receive(event: BookingChanged, **_: Any) -> None:
        received.append(event)

    booking_changed.connect(fail)
    booking_changed.connect(receive)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            publish(EVENT)
            assert received == []
    finally:
        booking_changed.disconnect(fail)
        booking_changed.disconnect(receive)
    assert received == [EVENT]
    assert log.last("receiver_failed")["receiver"] == "fail"
    assert log.last("booking_changed")["state"] == "confirmed"


def test_what_is_to_be_stored_with_a_change_undoes_it_if_it_fails(db: None) -> None:
    def fail(event: BookingChanged, **_: Any) -> None:
        raise ValueError(event.state)

    booking_changing.connect(fail)
    try:
        with pytest.raises(ValueError, match="confirmed"):
            publish(EVENT)
    finally:
        booking_changing.disconnect(fail)


def test_a_rollback_publishes_no_event(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        publish(EVENT)
        transaction.set_rollback(True)
    assert callbacks == []
