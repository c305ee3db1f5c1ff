from django.db.models import QuerySet
from django.utils import timezone

from apps.api_keys import tokens
from apps.api_keys.models import ApiKey
from apps.users.models import User
from apps.users.selectors import may_sign_in


def for_owner(user: User) -> QuerySet[ApiKey]:
    """Return all keys of a user, those that have ended included."""
    return ApiKey.objects.filter(user=user)


def active() -> QuerySet[ApiKey]:
    """Return the keys that are neither revoked nor expired."""
    return ApiKey.objects.filter(revoked_at=None, expires_at__gt=timezone.now())


def find_valid(text: str) -> ApiKey | None:
    """Return the key with a text, and its owner, or None if it is invalid or has ended.

    It has also ended while its owner may not sign in. A new password does not end it.
    """
    key_id = tokens.id_of(text)
    if key_id is None:
        return None
    key = active().filter(key_id=key_id).select_related("user").first()
    if key and tokens.matches(text, key.digest) and may_sign_in(key.user):
        return key
    return None
