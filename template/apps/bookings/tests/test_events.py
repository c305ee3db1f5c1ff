from typing import Any

from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.bookings.events import BookingChanged, booking_changed, tell
from apps.bookings.states import Role, State
from apps.common.tests.conftest import log  # noqa: F401  # a fixture
from apps.common.tests.lines import LogLines

EVENT = BookingChanged(booking_id=1, state=State.CONFIRMED, role=Role.HOST)


def test_an_event_is_told_on_commit_also_past_a_receiver_that_fails(
    db: None,
    log: LogLines,  # noqa: F811  # the fixture
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    heard = []

    def fail(**_: Any) -> None:
        raise ValueError("There is a bug.")

    def hear(event: BookingChanged, **_: Any) -> None:
        heard.append(event)

    booking_changed.connect(fail)
    booking_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            tell(EVENT)
            assert heard == []
    finally:
        booking_changed.disconnect(fail)
        booking_changed.disconnect(hear)
    assert heard == [EVENT]
    assert log.last("receiver_failed")["receiver"] == "fail"
    assert log.last("booking_changed")["state"] == "confirmed"


def test_nobody_hears_of_what_was_undone(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as told, transaction.atomic():
        tell(EVENT)
        transaction.set_rollback(True)
    assert told == []
