"""The states of a booking, and who may lead it from one to another.

The services ask `check` before they write; the database refuses the rest by itself: a state that is
not known, one that lacks its time, a step that is none of these, and two bookings of a night.
"""

from http import HTTPStatus

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException


class State(models.TextChoices):
    REQUESTED = "requested", _("requested")
    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined")
    CANCELLED = "cancelled", _("cancelled")
    COMPLETED = "completed", _("completed")


class Role(models.TextChoices):
    GUEST = "guest", _("guest")
    HOST = "host", _("host")
    CLOCK = "clock", _("clock")


# In these states the nights are taken.
HOLDING = (State.REQUESTED, State.CONFIRMED, State.COMPLETED)

STEPS: dict[tuple[State, State], set[Role]] = {
    (State.REQUESTED, State.CONFIRMED): {Role.HOST},
    (State.REQUESTED, State.DECLINED): {Role.HOST, Role.CLOCK},
    (State.REQUESTED, State.CANCELLED): {Role.GUEST},
    (State.CONFIRMED, State.CANCELLED): {Role.GUEST, Role.HOST},
    (State.CONFIRMED, State.COMPLETED): {Role.CLOCK},
}


class TransitionNotAllowed(APIException):
    """The state that a booking is in, or whoever asks, does not allow this."""

    status_code = HTTPStatus.CONFLICT
    default_code = "transition_not_allowed"


def check(before: State, after: State, role: Role) -> None:
    """Raise TransitionNotAllowed unless this role may lead a booking from one state to the other."""
    if role not in STEPS.get((before, after), set()):
        raise TransitionNotAllowed(f"A booking that is {before} cannot be {after} by the {role}.")
