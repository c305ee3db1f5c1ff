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
    return sorted(int(response.status_code) for response in at_once(requests))


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Return the results of calls at the same time, each in a thread with its own connections."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        finally:
            connection.close()
            cache.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
