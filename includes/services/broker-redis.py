CELERY_TASK_DEFAULT_QUEUE_TYPE = "classic"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": CELERY_PREFIX,
    # A worker empties the queues in the order in which they are declared: high, default, low.
    "queue_order_strategy": "priority",
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    # Seconds until Redis redelivers a job that is not acknowledged: longer than a job may run, and
    # longer than the pause before a retry.
    "visibility_timeout": env.int("CELERY_VISIBILITY_TIMEOUT", default=300),
    # Let a worker look for such jobs every ten seconds instead of every hundred.
    "unacked_restore_throttle": 1,
}
