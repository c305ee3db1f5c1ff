"""Domain events of bookings, published on commit: a transaction that is rolled back publishes none.

What must be stored with the change connects to `booking_changing`, which is sent in its transaction.
Other apps connect receivers, and `apps.bookings` knows none of them. A failing receiver is logged and
does not affect the others. Work that must not be lost belongs in a job, which the receiver sends.
"""

from dataclasses import dataclass
from functools import partial

import structlog
from django.db import transaction
from django.dispatch import Signal

from apps.bookings.states import Role, State

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class BookingChanged:
    """A booking has a new state."""

    booking_id: int
    state: State
    role: Role


booking_changed = Signal()
# Sent before the commit. The error of a receiver undoes the change.
booking_changing = Signal()


def publish(event: BookingChanged) -> None:
    """Send the event to all receivers of `booking_changed` when the transaction is committed."""
    booking_changing.send(sender=BookingChanged, event=event)
    transaction.on_commit(partial(_send, event))


def _send(event: BookingChanged) -> None:
    for receiver, result in booking_changed.send_robust(sender=BookingChanged, event=event):
        if isinstance(result, Exception):
            logger.error("receiver_failed", receiver=receiver.__name__, exc_info=result)
    logger.info("booking_changed", booking_id=event.booking_id, state=str(event.state))
