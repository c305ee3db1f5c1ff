"""Open requests for bookings: they block dates until the host decides."""

from datetime import timedelta

from config.environment import env

# A request that is older is declined.
BOOKING_REQUEST_LIFETIME = timedelta(hours=env.int("BOOKING_REQUEST_HOURS", default=24))
# How many open requests a guest may have at a time.
BOOKING_MAX_OPEN_REQUESTS = env.int("BOOKING_MAX_OPEN_REQUESTS", default=5)
