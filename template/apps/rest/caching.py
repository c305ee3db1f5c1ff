"""Responses that are the same for all clients, cached until a write (generational caching).

All cached responses that show the same data belong to one namespace, which has a generation. A write
gives the namespace a new generation, which invalidates them all: no code has to know their keys.

A response is cached from its second request on. Most requests to a list, with their filters and
cursors, are never repeated: caching their responses costs as much as computing them, and evicts
popular ones.
"""

import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeGuard
from uuid import uuid4

from django.core.cache import cache
from django.db import transaction
from django.db.models import Model, QuerySet

from apps.common.fifo_cache import FIFOCache

# After SOFT_TTL seconds a response is refreshed even without a write, and after HARD_TTL seconds it
# expires. In between, one request refreshes it and the others get the stale response
# (stale-while-revalidate).
SOFT_TTL = 60
HARD_TTL = 2 * SOFT_TTL
# After LOCK_TIMEOUT seconds, a request that waits for another one computes the response itself.
LOCK_TIMEOUT = 2.0
POLL_INTERVAL = 0.02


class Entry(NamedTuple):
    """A cached response."""

    generation: str
    fresh_until: float
    response: Any


# The entries that this process has read. It fetches one again only if the generation has changed.
_local = FIFOCache(100)
# The hashes of keys that were requested from this process before.
_seen = FIFOCache(10_000)


def read_through(namespace: str, key: str, compute: Callable[[], Any]) -> Any:
    """Return the response of a key, from the cache or computed.

    A computed response is cached from the second request on. One of several concurrent requests
    computes it, and the others wait (cache stampede protection). While the cache is unavailable,
    each request computes it.
    """
    local_key = namespace, key
    local = _local.get(local_key)
    if local and _is_fresh(local, cache.get(_generation_key(namespace))):
        return local.response
    if hash(local_key) not in _seen:
        _seen[hash(local_key)] = True
        return compute()
    entry_key = f"{namespace}:{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"
    found = cache.get_many([_generation_key(namespace), entry_key])
    generation = found.get(_generation_key(namespace)) or _first_generation(namespace)
    if generation is None:
        return compute()
    entry: Entry | None = found.get(entry_key)
    if not _is_fresh(entry, generation):
        entry = _compute_once(entry_key, entry, generation, compute)
    _local[local_key] = entry
    return entry.response


def invalidate(namespace: str) -> None:
    """Invalidate all responses of a namespace, at once, and again when the transaction commits.

    The second time is for what concurrent requests have cached in between: they read the old data.
    """
    _start_generation(namespace)
    transaction.on_commit(partial(_start_generation, namespace))


class InvalidatingQuerySet(QuerySet[Any, Any]):
    """Invalidates the model's `cache_namespace` on writes for which Django sends no signal."""

    def update(self, **fields: Any) -> int:
        rows = super().update(**fields)
        invalidate(self.model.cache_namespace)
        return rows

    def bulk_create(self, *args: Any, **options: Any) -> Any:
        created = super().bulk_create(*args, **options)
        invalidate(self.model.cache_namespace)
        return created


def invalidate_on_change(sender: type[Model], **_: Any) -> None:
    """Receive `post_save` and `post_delete` of a model with a `cache_namespace`."""
    invalidate(sender.cache_namespace)  # type: ignore[attr-defined]


def _is_fresh(entry: Entry | None, generation: str | None) -> TypeGuard[Entry]:
    return entry is not None and entry.generation == generation and entry.fresh_until > time.time()


def _compute_once(
    key: str, stale: Entry | None, generation: str, compute: Callable[[], Any]
) -> Entry:
    # Each refresh has its own lock. It expires: releasing it would cost a round trip.
    lock = f"{key}:{generation}:{stale and stale.fresh_until}"
    entry, deadline = stale, time.monotonic() + LOCK_TIMEOUT
    while not cache.add(lock, 1, LOCK_TIMEOUT) and time.monotonic() < deadline:
        # Another request is computing the response. Without a write since, the stale one will do.
        if entry and entry.generation == generation:
            return entry
        time.sleep(POLL_INTERVAL)
        entry = cache.get(key)
    try:
        new = Entry(generation, time.time() + SOFT_TTL, compute())
    except BaseException:
        cache.delete(lock)
        raise
    cache.set(key, new, HARD_TTL)
    return new


def _generation_key(namespace: str) -> str:
    return f"{namespace}:generation"


def _first_generation(namespace: str) -> str | None:
    """Start a generation, unless there is one. Return it, or None if the cache is unavailable."""
    # Only the first of several concurrent requests sets it.
    cache.add(_generation_key(namespace), uuid4().hex, None)
    generation: str | None = cache.get(_generation_key(namespace))
    return generation


def _start_generation(namespace: str) -> None:
    cache.set(_generation_key(namespace), uuid4().hex, None)
