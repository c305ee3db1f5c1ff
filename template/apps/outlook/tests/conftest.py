from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.outlook import parts
from apps.outlook.tests.upstream import FakeUpstreams
from apps.outlook.upstreams import Upstream


@pytest.fixture
def upstreams(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeUpstreams]:
    """Return both upstreams, whose circuits are closed."""
    monkeypatch.setattr(parts, "weather_service", Upstream("WEATHER_URL"))
    monkeypatch.setattr(parts, "exchange_rates", Upstream("EXCHANGE_RATES_URL"))
    fake = FakeUpstreams()
    with fake.run() as url:
        settings.WEATHER_URL, settings.EXCHANGE_RATES_URL = f"{url}/weather", f"{url}/rates"
        yield fake
