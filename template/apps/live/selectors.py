"""Reads of event streams."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.live.models import Event, Stream

BATCH = 100  # events that are read at a time


@dataclass(frozen=True)
class Page:
    """Events that follow each other, the number of the last one, and whether some are missing."""

    events: list[dict[str, Any]]
    last: int
    is_reset: bool = False


def last_number(user_id: int) -> int:
    """Return the number of a user's last event, or 0."""
    return Stream.objects.filter(pk=user_id).values_list("last", flat=True).first() or 0


def page_after(user_id: int, number: int) -> Page:
    """Return the events of a user that follow a number, or the first of them.

    The page is a reset if some of them are deleted, or more than LIVE_REPLAY: the client has to read
    everything again.
    """
    last = last_number(user_id)
    if number == last:
        return Page([], last)
    events: list[Any] = []
    if 0 < last - number <= settings.LIVE_REPLAY:
        rows = Event.objects.filter(user=user_id, number__gt=number).order_by("number")
        names = ("id", "kind", "data", "created_at")
        columns = rows.values_list("number", *names[1:])[:BATCH]
        events = [dict(zip(names, row, strict=True)) for row in columns]
    if not events or events[0]["id"] != number + 1:
        return Page([], last, is_reset=True)
    return Page(events, events[-1]["id"])
