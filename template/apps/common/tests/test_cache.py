import threading
from collections.abc import Iterator
from socketserver import TCPServer

import pytest

from apps.common import cache as module
from apps.common.cache import Breaker, Cache
from apps.common.tests.cache_server import Handler, cache_at, hang_up
from apps.common.tests.lines import LogLines


@pytest.fixture(autouse=True)
def breaker(monkeypatch: pytest.MonkeyPatch) -> Breaker:
    """Return a breaker of the test's own that closes for an instant only."""
    monkeypatch.setattr(module, "breaker", Breaker(pause=0))
    return module.breaker


@pytest.fixture
def there() -> Iterator[Cache]:
    """Return a cache whose server answers."""
    with TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        cache = cache_at(server.server_address[1])
        yield cache
        hang_up(cache)
        server.shutdown()
        thread.join()


AWAY = cache_at(1)


def test_a_cache_that_is_away_is_empty() -> None:
    assert AWAY.get("key", "default") == "default"
    assert AWAY.get_or_set("key", "value") == "value"
    assert AWAY.get_many(["key"]) == {}
    assert "key" not in AWAY


def test_a_cache_that_is_away_takes_nothing() -> None:
    AWAY.set("key", "value")
    AWAY.clear()
    AWAY.delete_many(["key"])
    assert AWAY.set_many({"key": "value"}) == ["key"]
    assert not AWAY.add("key", "value")
    assert not AWAY.touch("key")
    assert not AWAY.delete("key")


def test_there_is_nothing_to_count_up_in_a_cache_that_is_away() -> None:
    with pytest.raises(ValueError, match="no value under 'key'"):
        AWAY.incr("key")


def test_a_cache_that_answers_counts_up(there: Cache) -> None:
    assert there.incr("key") == 1


def test_nothing_is_counted_up_where_there_is_nothing(there: Cache) -> None:
    with pytest.raises(ValueError, match="missing"):
        there.incr("missing")


def test_it_is_logged_once_that_the_cache_is_away_and_once_that_it_is_back(
    log: LogLines, there: Cache
) -> None:
    for _ in range(3):
        AWAY.get("key")
    for _ in range(3):
        there.set("key", "value")
    assert [line["event"] for line in log.all()] == ["cache_away", "cache_back"]


def test_a_cache_that_is_away_is_not_asked_again_at_once(breaker: Breaker, there: Cache) -> None:
    breaker.pause = 60
    AWAY.get("key")
    there.set("key", "value")
    assert breaker.is_away
    breaker.closed_until = 0
    there.set("key", "value")
    assert not breaker.is_away
