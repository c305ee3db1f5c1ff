# Quorum queues are always stored on disk, and replicated if the broker is a cluster.
CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A job counts as sent only when the broker has stored it.
    "confirm_publish": True,
    "connect_timeout": 2,
    "read_timeout": 5,
    "write_timeout": 5,
}
