"""Shared responses, cached until a write changes what they show (generational caching).

All cached responses that show the same data belong to a namespace with one generation. A write gives
the namespace a new generation, which invalidates them all: no code has to know their keys.

A response is cached from its second request on. Most requests to a list, with their filters and
cursors, are never repeated: to cache their responses costs as much as to compute them, and evicts
popular ones.
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

from apps.common.fifo_cache import FIFOCache

# Seconds until a response is refreshed although no write is known, and until it is evicted. In
# between one request refreshes it, and the others get the stale one (stale-while-revalidate).
SOFT_TTL = 60
HARD_TTL = 2 * SOFT_TTL
# Seconds that requests wait for the one that computes a response, before they compute it themselves.
LOCK_TIMEOUT = 2.0
POLL_INTERVAL = 0.02

# A generation, when the soft TTL ends, and the response.
Entry = tuple[str, float, Any]

# What this process has read. It saves a transfer from the cache while the generation is the same.
_local = FIFOCache(100)
# Hashes of the keys that were requested from this process before.
_seen = FIFOCache(10_000)


def read_through(namespace: str, key: str, compute: Callable[[], Any]) -> Any:
    """Return the response of a key: cached, or computed, and cached from the second request on.

    Of concurrent requests one computes it (cache-stampede protection). While the cache is
    unavailable, each does.
    """
    local_key = namespace, key
    local = _local.get(local_key)
    if local and _is_fresh(local, cache.get(_generation_key(namespace))):
        return local[2]
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
    return entry[2]


def invalidate(namespace: str) -> None:
    """Invalidate all responses of a namespace, now and again when the transaction commits.

    The second time is for concurrent requests, which read the old data in between and cache it.
    """
    _bump(namespace)
    transaction.on_commit(partial(_bump, namespace))


class InvalidatingQuerySet(QuerySet[Any, Any]):
    """Invalidates the model's `cache_namespace` also where Django sends no signal."""

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


def _is_fresh(entry: Entry | None, generation: str | None) -> TypeGuard[Entry]:
    return entry is not None and entry[0] == generation and entry[1] > time.time()


def _compute_once(
    key: str, stale: Entry | None, generation: str, compute: Callable[[], Any]
) -> Entry:
    # A lock of this one refresh: to let it expire saves the round trip that releases it.
    lock = f"{key}:{generation}:{stale and stale[1]}"
    entry, deadline = stale, time.monotonic() + LOCK_TIMEOUT
    while not cache.add(lock, 1, LOCK_TIMEOUT) and time.monotonic() < deadline:
        # Another request computes it. The stale response will do if no write is known.
        if entry and entry[0] == generation:
            return entry
        time.sleep(POLL_INTERVAL)
        entry = cache.get(key)
    try:
        new = (generation, time.time() + SOFT_TTL, compute())
    except BaseException:
        cache.delete(lock)
        raise
    cache.set(key, new, HARD_TTL)
    return new


def _generation_key(namespace: str) -> str:
    return f"{namespace}:generation"


def _first_generation(namespace: str) -> str | None:
    """Return the generation of a namespace that had none, or None without a cache."""
    cache.add(_generation_key(namespace), uuid4().hex, None)
    generation: str | None = cache.get(_generation_key(namespace))
    return generation


def _bump(namespace: str) -> None:
    cache.set(_generation_key(namespace), uuid4().hex, None)
