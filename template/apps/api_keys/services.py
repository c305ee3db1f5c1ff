"""Changes of API keys."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.api_keys import selectors, tokens
from apps.api_keys.models import ApiKey
from apps.common.errors import Conflict
from apps.users.models import User
from apps.users.selectors import lock
from apps.users.services import report

# Each request would write, and requests with one key would wait for each other.
USE_IS_RECORDED_AFTER = timedelta(minutes=1)


class TooManyKeys(Conflict):
    """The user has as many active keys as allowed."""

    code = "too_many_api_keys"
    detail = "You have too many active API keys. Revoke one that you do not need."


@transaction.atomic
def create(
    *, user: User, name: str, scopes: Iterable[str], expires_in_days: int
) -> tuple[ApiKey, str]:
    """Create a key. Return it with its text, which is not stored. Raises TooManyKeys.

    The lock serializes the requests of one user, so that they do not exceed the limit together.
    """
    limit = settings.API_KEY_MAX_ACTIVE
    if selectors.active().filter(user=lock(user)).count() >= limit:
        raise TooManyKeys(limit=limit)
    key_id, text = tokens.generate()
    key = ApiKey.objects.create(
        user=user,
        name=name,
        key_id=key_id,
        digest=tokens.digest(text),
        scopes=sorted({*scopes}),
        expires_at=timezone.now() + timedelta(days=expires_in_days),
    )
    _report("api_key_created", key, by=user, mail="api_keys/api_key_created")
    return key, text


def revoke(*, key: ApiKey, by: User) -> None:
    """End a key for good. The row stays, and says when."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        _report("api_key_revoked", key, by=by)


def record_use(*, key: ApiKey) -> None:
    """Note when a key was last used, to the minute."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - USE_IS_RECORDED_AFTER:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def _report(event: str, key: ApiKey, by: User, mail: str = "") -> None:
    report(event, user=key.user, mail=mail, key_id=key.key_id, scopes=key.scopes, by=by.pk)
