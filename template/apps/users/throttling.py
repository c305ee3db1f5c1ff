"""Rate limits of e-mail addresses, whichever client sends the requests."""

import hashlib
from datetime import datetime, timedelta

from django.utils import timezone

from apps.common.throttling import FixedWindowThrottle
from apps.users.models import User


class AddressThrottle(FixedWindowThrottle):
    """Counts what all clients together do with one e-mail address, registered or not."""

    def key_of(self, address: str | None) -> str:
        """Return the key for an address, in whatever spelling."""
        ident = hashlib.sha256(User.objects.normalize_email(address).encode()).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": ident}


class MailThrottle(AddressThrottle):
    """Limits the mails that strangers can have sent to an address.

    No response tells that there are no more: others would learn what the owner does.
    """

    scope = "mails"
    rate = "5/hour"

    def allows(self, address: str) -> bool:
        """Count a mail to an address. Return whether it may be sent."""
        return self.count_in_window(self.key_of(address)) <= self.num_requests


class FailureThrottle(AddressThrottle):
    """Limits failed sign-ins with an address: many computers may guess one password together."""

    scope = "failures"
    rate = "50/hour"

    def allows(self, address: str | None) -> bool:
        """Return whether somebody may try to sign in with an address."""
        return int(self.cache.get(self.counter(self.key_of(address)), 0)) < self.num_requests

    def rejects_until(self, address: str) -> datetime | None:
        """Return the end of the window in which sign-ins are rejected, or None while they are not."""
        if self.allows(address):
            return None
        return timezone.now() + timedelta(seconds=self.wait())

    def count_failure(self, address: str | None) -> None:
        self.count_in_window(self.key_of(address))

    def forget(self, address: str) -> None:
        """Let the owner of the address sign in: there is a new password, or support says so."""
        self.cache.delete(self.counter(self.key_of(address)))
