"""Live events: what wakes the connections of clients, and their limits. Times are in seconds."""

from typing import Any

from config.environment import env
from config.settings.logs import LOGGING
from config.settings.project import PROJECT

# Days that an event is kept for clients that come back.
LIVE_EVENT_DAYS = 7
# How many missed events a client gets. One that has missed more reads everything again.
LIVE_REPLAY = 500
# Connections of a user to one process.
LIVE_MAX_CONNECTIONS = 10
# A ticket opens a connection within this time.
LIVE_TICKET_SECONDS = 30
# A client that has sent nothing for two heartbeats is disconnected.
LIVE_HEARTBEAT_SECONDS: float = 25
# How often a connection looks up whether its user may go on, and when it ends in any case.
LIVE_RECHECK_SECONDS: float = 60
LIVE_MAX_SECONDS: float = 15 * 60
# How long a client may read nothing while there is something to send.
LIVE_SEND_SECONDS: float = 10
# Messages of a client.
LIVE_MESSAGE_LENGTH = 4096
LIVE_MESSAGES_PER_MINUTE = 60

# Redis tells all processes of new events. Without it, connections look for them each second, which is
# right for development only.
LIVE_REDIS_URL = env.str("LIVE_REDIS_URL", default="")
LIVE_POLL_SECONDS: float = 25 if LIVE_REDIS_URL else 1
CHANNEL_LAYERS: dict[str, Any] = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if LIVE_REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [LIVE_REDIS_URL], "prefix": PROJECT["name"]},
    }
# During an outage of Redis it would log a traceback each second. apps/live/wakeups.py logs the outage.
LOGGING["loggers"]["channels_redis"] = {"level": "CRITICAL"}
