import threading
from collections.abc import Iterator
from socketserver import TCPServer

import pytest

from apps.common import cache as module
from apps.common.cache import Cache, CircuitBreaker
from apps.common.tests.cache_backend import Handler, cache_at, hang_up
from apps.common.tests.lines import LogLines


@pytest.fixture(autouse=True)
def circuit_breaker(monkeypatch: pytest.MonkeyPatch) -> CircuitBreaker:
    """Return a circuit breaker of the test's own that opens for an instant only."""
    monkeypatch.setattr(module, "circuit_breaker", CircuitBreaker(pause=0))
    return module.circuit_breaker


@pytest.fixture
def available() -> Iterator[Cache]:
    """Return a cache whose server responds."""
    with TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        cache = cache_at(server.server_address[1])
        yield cache
        hang_up(cache)
        server.shutdown()
        thread.join()


UNAVAILABLE = cache_at(1)


def test_an_unavailable_cache_is_empty() -> None:
    assert UNAVAILABLE.get("key", "default") == "default"
    assert UNAVAILABLE.get_or_set("key", "value") == "value"
    assert UNAVAILABLE.get_many(["key"]) == {}
    assert "key" not in UNAVAILABLE


def test_an_unavailable_cache_stores_nothing() -> None:
    UNAVAILABLE.set("key", "value")
    UNAVAILABLE.clear()
    UNAVAILABLE.delete_many(["key"])
    assert UNAVAILABLE.set_many({"key": "value"}) == ["key"]
    assert not UNAVAILABLE.add("key", "value")
    assert not UNAVAILABLE.touch("key")
    assert not UNAVAILABLE.delete("key")


def test_an_unavailable_cache_has_no_counter_to_increment() -> None:
    with pytest.raises(ValueError, match="no value under 'key'"):
        UNAVAILABLE.incr("key")


def test_an_available_cache_increments_a_counter(available: Cache) -> None:
    assert available.incr("key") == 1


def test_a_missing_counter_cannot_be_incremented(available: Cache) -> None:
    with pytest.raises(ValueError, match="missing"):
        available.incr("missing")


def test_an_outage_and_the_recovery_are_logged_once_each(log: LogLines, available: Cache) -> None:
    for _ in range(3):
        UNAVAILABLE.get("key")
    for _ in range(3):
        available.set("key", "value")
    assert [line["event"] for line in log.all()] == ["cache_unavailable", "cache_recovered"]


def test_an_open_circuit_skips_the_cache_server(
    circuit_breaker: CircuitBreaker, available: Cache
) -> None:
    circuit_breaker.pause = 60
    UNAVAILABLE.get("key")
    available.set("key", "value")
    assert circuit_breaker.is_open
    circuit_breaker.open_until = 0
    available.set("key", "value")
    assert not circuit_breaker.is_open
