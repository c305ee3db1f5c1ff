from rest_framework.exceptions import Throttled

from apps.users.throttling import FailureThrottle


def check_failures(address: str) -> None:
    """Raise Throttled if too many sign-ins with an address have failed."""
    throttle = FailureThrottle()
    if not throttle.allows(address):
        raise Throttled(throttle.wait())
