"""Redis wakes the connections, where CACHE_URL names one."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from apps.live.services import publish
from apps.live.tests.clients import Socket
from apps.live.tests.servers import Server
from apps.users.tests.factories import UserFactory

REDIS = re.sub(r"^rediscache:", "redis:", os.environ.get("CACHE_URL", ""))


@pytest.mark.skipif(not REDIS.startswith("redis:"), reason="CACHE_URL names no Redis")
def test_an_event_wakes_its_connections(
    transactional_db: None, settings: Settings, tmp_path: Path
) -> None:
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS], "prefix": f"test-{os.getpid()}"},
    }
    settings.CHANNEL_LAYERS = {"default": layer}
    # Within the time of the test, it does not look for events on its own.
    limits: dict[str, Any] = {"LIVE_POLL_SECONDS": 600, "LIVE_HEARTBEAT_SECONDS": 600}
    server = Server(tmp_path / "log", CHANNEL_LAYERS={"default": layer}, **limits)
    user = UserFactory.create()
    try:
        with Socket(server, user) as socket:
            socket.resume().receive()
            for number in (1, 2, 3):
                publish([user.pk], "tested", {})
                assert socket.receive()["id"] == number
    finally:
        server.stop()
