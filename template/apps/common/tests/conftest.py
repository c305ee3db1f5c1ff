import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from apps.common.tests.lines import LogLines, formatter


@pytest.fixture
def log() -> Iterator[LogLines]:
    """Return the lines that a test logs."""
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(formatter("json"))
    logging.getLogger().addHandler(handler)
    yield LogLines(handler.stream)
    logging.getLogger().removeHandler(handler)
