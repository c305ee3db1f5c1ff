import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from apps.common.tests.lines import LogLines, formatter


@pytest.fixture
def _open_connection(db: None) -> Iterator[None]:
    """Keep the connection of the test's transaction open, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    # A test may leave responses open. A server closes each, which ends the request.
    request_finished.send(sender=None)
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def log() -> Iterator[LogLines]:
    """Return the lines that a test logs."""
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(formatter("json"))
    logging.getLogger().addHandler(handler)
    yield LogLines(handler.stream)
    logging.getLogger().removeHandler(handler)
