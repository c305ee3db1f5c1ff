import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog
from django.conf import settings

from apps.common.tests.lines import LogLines


@pytest.fixture
def log() -> Iterator[LogLines]:
    """Return the lines that a test logs."""
    formatter = settings.LOGGING["formatters"]["json"]
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"]
        )
    )
    logging.getLogger().addHandler(handler)
    yield LogLines(handler.stream)
    logging.getLogger().removeHandler(handler)
