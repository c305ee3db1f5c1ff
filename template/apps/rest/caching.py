"""Answers that many ask for, kept in the cache until what they show changes.

Everything that shows the same data forms a group with one stamp. A write gives the group a new
stamp, and every answer that was kept under the old one is void at once: nobody has to know which
answers there are.

What is asked for the first time is made and not kept. Most questions to a list, its filters and its
later pages, are never asked again: to keep their answers costs as much as to make them, and pushes
out what many ask for.
"""

import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeGuard
from uuid import uuid4

from django.core.cache import cache
from django.db import transaction
from django.db.models import Model, QuerySet

from apps.common.recent import Recent

# Seconds until an answer is made anew, although nothing has changed as far as we know, and until
# it is forgotten. In between one request makes it, and all others still get it as it is.
FRESH = 60
KEPT = 2 * FRESH
# Seconds that others wait for the one who makes an answer, before they make it themselves.
PATIENCE = 2.0
PAUSE = 0.02

# A stamp, until when it is fresh, and the answer.
Entry = tuple[str, float, Any]

# What this process has read, so that it need not come from the cache again while its stamp holds.
_own = Recent(100)
# The hashes of what this process has been asked before.
_asked = Recent(10_000)


def read_through(group: str, name: str, make: Callable[[], Any]) -> Any:
    """Return the answer of that name, from the cache, or made, and kept there from the second time.

    However many ask for it again at the same time, one makes it. While the cache is away, everybody
    does.
    """
    question = group, name
    own = _own.get(question)
    if own and _is_fresh(own, cache.get(_stamp_key(group))):
        return own[2]
    if hash(question) not in _asked:
        _asked[hash(question)] = True
        return make()
    key = f"{group}:{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}"
    found = cache.get_many([_stamp_key(group), key])
    stamp = found.get(_stamp_key(group)) or _first_stamp(group)
    if stamp is None:
        return make()
    entry: Entry | None = found.get(key)
    if not _is_fresh(entry, stamp):
        entry = _make_once(key, entry, stamp, make)
    _own[question] = entry
    return entry[2]


def invalidate(group: str) -> None:
    """Make every answer of the group void: now, and once more when the transaction is committed.

    The second time is for those who have read the old data in between and kept it.
    """
    _renew(group)
    transaction.on_commit(partial(_renew, group))


class InvalidatingQuerySet(QuerySet[Any, Any]):
    """Expires a group also where Django sends no signal. A model names its group in `cache_namespace`."""

    def update(self, **fields: Any) -> int:
        rows = super().update(**fields)
        invalidate(self.model.cache_namespace)
        return rows

    def bulk_create(self, *args: Any, **options: Any) -> Any:
        created = super().bulk_create(*args, **options)
        invalidate(self.model.cache_namespace)
        return created


def invalidate_on_change(sender: type[Model], **_: Any) -> None:
    """Receive Django's signals that a row was saved or deleted."""
    invalidate(sender.cache_namespace)  # type: ignore[attr-defined]  # as InvalidatingQuerySet has it


def _is_fresh(entry: Entry | None, stamp: str | None) -> TypeGuard[Entry]:
    return entry is not None and entry[0] == stamp and entry[1] > time.time()


def _make_once(key: str, old: Entry | None, stamp: str, make: Callable[[], Any]) -> Entry:
    # A lock for this one time: it need not be given back, which would be one more way to the cache.
    lock = f"{key}:{stamp}:{old and old[1]}"
    entry, deadline = old, time.monotonic() + PATIENCE
    while not cache.add(lock, 1, PATIENCE) and time.monotonic() < deadline:
        # Somebody makes it. What was made before still holds if nothing has changed.
        if entry and entry[0] == stamp:
            return entry
        time.sleep(PAUSE)
        entry = cache.get(key)
    try:
        new = (stamp, time.time() + FRESH, make())
    except BaseException:
        cache.delete(lock)
        raise
    cache.set(key, new, KEPT)
    return new


def _stamp_key(group: str) -> str:
    return f"{group}:stamp"


def _first_stamp(group: str) -> str | None:
    """Return the stamp of a group that had none, or None while the cache is away."""
    cache.add(_stamp_key(group), uuid4().hex, None)
    stamp: str | None = cache.get(_stamp_key(group))
    return stamp


def _renew(group: str) -> None:
    cache.set(_stamp_key(group), uuid4().hex, None)
