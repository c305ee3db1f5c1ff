"""Changes of event streams."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.live import wakeups
from apps.live.models import Event, Stream


@transaction.atomic
def publish(user_ids: Iterable[int], kind: str, data: dict[str, Any]) -> None:
    """Tell users of a change, in the transaction of the change. `data` is stored as JSON.

    The row of the stream stays locked until the commit, so a later number is never visible before an
    earlier one. The locks are taken in the order of the users: publish once in a transaction, or two
    transactions may deadlock.
    """
    users = sorted(set(user_ids))
    Event.objects.bulk_create(
        Event(user_id=each, number=_next_number(each), kind=kind, data=data) for each in users
    )
    transaction.on_commit(partial(wakeups.send, users), robust=True)


def delete_old() -> int:
    """Delete the events that are older than LIVE_EVENT_DAYS. Return how many there were."""
    limit = timezone.now() - timedelta(days=settings.LIVE_EVENT_DAYS)
    return Event.objects.filter(created_at__lt=limit).delete()[0]


def _next_number(user_id: int) -> int:
    """Return the next number of a user. Locks the user's stream, which it creates if there is none.

    Not `ignore_conflicts`: on some databases, transactions that wait for the one that creates the row
    would all get a shared lock of it, and deadlock as soon as they change it.
    """
    has_target = connection.features.supports_update_conflicts_with_target
    conflict = "CONFLICT (user_id) DO UPDATE SET" if has_target else "DUPLICATE KEY UPDATE"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO live_stream (user_id, last) VALUES (%s, 1)"  # noqa: S608  # of constants
            f" ON {conflict} last = live_stream.last + 1",
            [user_id],
        )
    return Stream.objects.values_list("last", flat=True).get(pk=user_id)
