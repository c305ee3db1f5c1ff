from typing import Any

from apps.accounts.tests.sessions import confirmed_session, passkey_of
from apps.users.models import User


def create_many(user: User, number: int) -> dict[str, dict[str, Any]]:
    """Create sessions and passkeys of a user."""
    for _ in range(number):
        confirmed_session(user)
        passkey_of(user)
    return {}
