"""Requests that are sent at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from django.core.cache import cache
from django.db import connection
from rest_framework.test import APIClient

TIMES = 10


def statuses_of_ten_at_once(
    path: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> list[int]:
    """Return the statuses of the responses to one request, sent ten times at once."""
    return statuses_at_once(path, [body] * TIMES, headers)


def statuses_at_once(
    path: str, bodies: list[dict[str, Any]], headers: dict[str, str] | None = None
) -> list[int]:
    """Return the statuses of the responses to requests with these bodies, sent at once."""

    def send(body: dict[str, Any]) -> Any:
        return APIClient(headers=headers).post(path, body)

    return statuses_of([partial(send, body) for body in bodies])


def statuses_of(requests: Sequence[Callable[[], Any]]) -> list[int]:
    """Return the statuses of the responses to requests that are sent at once, sorted."""
    barrier = Barrier(len(requests))

    def send(request: Callable[[], Any]) -> int:
        barrier.wait()
        try:
            return int(request().status_code)
        finally:
            connection.close()
            cache.close()

    with ThreadPoolExecutor(len(requests)) as pool:
        return sorted(pool.map(send, requests))
