"""Background jobs: run at once in the calling process where no broker is named."""

from config.environment import env

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="memory://")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ALWAYS_EAGER = CELERY_BROKER_URL == "memory://"
CELERY_TASK_IGNORE_RESULT = True

# A job is confirmed when it is done, so that a worker that dies loses none; a job may
# therefore run twice and must be written for it.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1

# Seconds. At the soft limit the job can still tidy up; at the hard one its process is ended.
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90

# Request ids follow a job into the worker's log.
DJANGO_STRUCTLOG_CELERY_ENABLED = True
