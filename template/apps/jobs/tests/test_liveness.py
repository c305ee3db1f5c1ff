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


def test_the_exit_code_of_the_probe_tells_whether_a_process_is_alive() -> None:
    heartbeat("beat")
    command = [sys.executable, "-m", "apps.jobs.liveness"]
    environment = os.environ | {"TMPDIR": tempfile.gettempdir()}
    codes = [
        subprocess.run([*command, name], env=environment, check=False).returncode  # noqa: S603
        for name in ("beat", "worker")
    ]
    assert codes == [0, 1]


def test_a_process_with_an_old_heartbeat_is_not_alive() -> None:
    heartbeat("beat")
    assert not is_alive("beat", max_age=0)


def test_each_heartbeat_of_a_worker_is_recorded() -> None:
    heartbeat_sent.send(sender=None)
    assert is_alive("worker")


def test_each_user_of_a_machine_has_heartbeats_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heartbeat("beat")
    monkeypatch.setattr(os, "getuid", lambda: -1)
    assert not is_alive("beat")


def test_a_process_counts_as_alive_while_the_broker_is_unavailable(no_broker: None) -> None:
    assert is_alive("worker")
