import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from celery.signals import heartbeat_sent

from apps.jobs.liveness import heartbeat, is_alive


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_what_has_just_been_alive_is() -> None:
    heartbeat("beat")
    assert is_alive("beat")
    assert not is_alive("worker")


def test_a_probe_is_told_by_the_exit_code() -> None:
    heartbeat("beat")
    command = [sys.executable, "-m", "apps.jobs.liveness"]
    environment = os.environ | {"TMPDIR": tempfile.gettempdir()}
    codes = [
        subprocess.run([*command, name], env=environment, check=False).returncode  # noqa: S603
        for name in ("beat", "worker")
    ]
    assert codes == [0, 1]


def test_what_has_not_been_alive_for_long_is_not() -> None:
    heartbeat("beat")
    assert not is_alive("beat", max_age=0)


def test_a_worker_is_alive_with_each_of_its_heartbeats() -> None:
    heartbeat_sent.send(sender=None)
    assert is_alive("worker")


def test_nothing_is_to_blame_for_a_broker_that_is_away(no_broker: None) -> None:
    assert is_alive("worker")
