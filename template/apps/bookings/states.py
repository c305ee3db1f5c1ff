"""The states of a booking, and its transitions: a state machine.

A booking begins as requested. The services call `check_transition` before they change its state.
Database constraints are the final safeguard, against unknown states, transitions that are not in
the table, and a second transition from the same state.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict


class State(models.TextChoices):
    REQUESTED = "requested", _("requested")
    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined")
    CANCELLED = "cancelled", _("cancelled")
    COMPLETED = "completed", _("completed")


class Role(models.TextChoices):
    GUEST = "guest", _("guest")
    HOST = "host", _("host")
    SYSTEM = "system", _("system")


# A booking in one of these states makes its dates unavailable.
BLOCKING_STATES = (State.REQUESTED, State.CONFIRMED, State.COMPLETED)

# The allowed transitions, as (from, to), and the roles that may make them.
TRANSITIONS: dict[tuple[State, State], set[Role]] = {
    (State.REQUESTED, State.CONFIRMED): {Role.HOST},
    (State.REQUESTED, State.DECLINED): {Role.HOST, Role.SYSTEM},
    (State.REQUESTED, State.CANCELLED): {Role.GUEST},
    (State.CONFIRMED, State.CANCELLED): {Role.GUEST, Role.HOST},
    (State.CONFIRMED, State.COMPLETED): {Role.SYSTEM},
}


class TransitionNotAllowed(Conflict):
    """The state of the booking or the role of the user does not allow the transition."""

    code = "transition_not_allowed"


def check_transition(from_state: State, to_state: State, role: Role) -> None:
    """Raise TransitionNotAllowed unless the role may move a booking from one state to the other."""
    if role not in TRANSITIONS.get((from_state, to_state), set()):
        raise TransitionNotAllowed(
            f"The {role} cannot change a {from_state} booking to {to_state}."
        )
