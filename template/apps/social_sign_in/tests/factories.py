from typing import Any

from apps.social_sign_in.tests.providers import link_of
from apps.users.models import User


def create_many(user: User, number: int) -> dict[str, dict[str, Any]]:
    """Create links of a user."""
    for uid in range(number):
        link_of(user, uid=str(uid))
    return {}
