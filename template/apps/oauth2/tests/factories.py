from typing import Any

from apps.oauth2.tests.applications import access_token
from apps.users.models import User


def create_many(user: User, number: int) -> dict[str, dict[str, Any]]:
    """Create applications that a user has let in."""
    for _ in range(number):
        access_token(user, ("read",))
    return {}
