"""What is special about Redis as a broker."""

from config.environment import env

# Before the names of the queues, where several services share a broker.
PREFIX = env.str("CELERY_PREFIX", default="")
QUEUE_TYPE = "classic"
TRANSPORT_OPTIONS = {
    "global_keyprefix": PREFIX,
    # A worker empties the queues in the order in which they are declared.
    "queue_order_strategy": "priority",
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    # Seconds until a job whose worker has vanished goes to another one: longer than a job may
    # take, and longer than it may wait for its next try.
    "visibility_timeout": env.int("CELERY_VISIBILITY_TIMEOUT", default=300),
    # Such jobs are looked for every ten seconds, not every hundred.
    "unacked_restore_throttle": 1,
}
