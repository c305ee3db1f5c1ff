import pytest
from django.db import DataError, InterfaceError, OperationalError, connections

from apps.common.loops import log_and_skip_on_error
from apps.common.tests.lines import LogLines


def loop(error: BaseException) -> list[int]:
    """Return which of three items are done when the second one fails."""
    done = []
    for number in range(3):
        with log_and_skip_on_error("bad", number=number):
            if number == 1:
                raise error
            done.append(number)
    return done


@pytest.mark.parametrize("kind", [ValueError, DataError, OperationalError, InterfaceError])
def test_a_loop_logs_a_bad_item_and_goes_on(db: None, log: LogLines, kind: type[Exception]) -> None:
    assert loop(kind("only this row")) == [0, 2]
    assert log.last("bad")["number"] == 1


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_loop_ends_when_the_database_is_unavailable(
    db: None, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(connections["default"], "connection", None)
        with pytest.raises(kind):
            loop(kind("unavailable"))


def test_a_loop_ends_when_the_database_connection_is_lost(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "is_usable", lambda: False)
    with pytest.raises(OperationalError):
        loop(OperationalError("unavailable"))
