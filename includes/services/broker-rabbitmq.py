"""What is special about RabbitMQ as a broker."""

from config.environment import env

# Before the names of the queues, where several services share a broker.
PREFIX = env.str("CELERY_PREFIX", default="")
# Always on disk, and on several nodes where the broker has several.
QUEUE_TYPE = "quorum"
TRANSPORT_OPTIONS = {
    # What counts as sent is what the broker has stored.
    "confirm_publish": True,
    "connect_timeout": 2,
    "read_timeout": 5,
    "write_timeout": 5,
}
