"""What happens to bookings, told on commit to whoever listens: nobody hears of what was undone.

`apps.bookings` does not know who listens. A receiver that fails is logged, and stops nobody: what
must not get lost is a job, which a receiver only sends.
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
    """A booking has come into a state."""

    booking_id: int
    state: State
    role: Role


booking_changed = Signal()


def tell(event: BookingChanged) -> None:
    """Send the event to all receivers of `booking_changed` when the transaction is committed."""
    transaction.on_commit(partial(_send, event))


def _send(event: BookingChanged) -> None:
    for receiver, result in booking_changed.send_robust(sender=BookingChanged, event=event):
        if isinstance(result, Exception):
            logger.error("receiver_failed", receiver=receiver.__name__, exc_info=result)
    logger.info("booking_changed", booking_id=event.booking_id, state=str(event.state))
