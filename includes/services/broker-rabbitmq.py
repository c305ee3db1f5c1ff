"""Settings for RabbitMQ as the broker."""

from config.environment import env

# Prefix of the queue names, for services that share a broker.
PREFIX = env.str("CELERY_PREFIX", default="")
# Quorum queues are stored on disk, and replicated where the broker has several nodes.
QUEUE_TYPE = "quorum"
TRANSPORT_OPTIONS = {
    # A message counts as sent once the broker has stored it.
    "confirm_publish": True,
    "connect_timeout": 2,
    "read_timeout": 5,
    "write_timeout": 5,
}
