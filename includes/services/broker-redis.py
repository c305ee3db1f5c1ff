"""Settings for Redis as the broker."""

from config.environment import env

# Prefix of the queue names, for services that share a broker.
PREFIX = env.str("CELERY_PREFIX", default="")
QUEUE_TYPE = "classic"
TRANSPORT_OPTIONS = {
    "global_keyprefix": PREFIX,
    # A worker empties the queues in the order of their declaration.
    "queue_order_strategy": "priority",
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    # Seconds until Redis gives an unacknowledged job to another worker. Must be longer than a job
    # may run, and longer than the pause before a retry.
    "visibility_timeout": env.int("CELERY_VISIBILITY_TIMEOUT", default=300),
    # Look for such jobs every ten seconds, not every hundred.
    "unacked_restore_throttle": 1,
}
