"""Security events, such as a sign-in, a new password or a new role: one log line for each."""

from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.utils.crypto import salted_hmac

# This logger writes its lines whatever LOG_LEVEL is.
logger = structlog.get_logger("audit")


def record(event: str, *, user_id: int | None = None, **facts: Any) -> None:
    """Log a security event, with the account that it concerns, once the transaction is committed.

    Outside of a transaction it is logged at once. `facts` contain no secrets, and no personal data but
    ids. In a request, the line has its id and the client's address, as all lines do.
    """
    transaction.on_commit(partial(logger.info, event, user_id=user_id, **facts))


def pseudonym(text: str) -> str:
    """Return a short code for a personal text, the same for the same text, by which nobody can guess it.

    It depends on SECRET_KEY.
    """
    return salted_hmac(__name__, text, algorithm="sha256").hexdigest()[:16]
