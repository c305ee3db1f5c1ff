from datetime import timedelta

from allauth.idp.oidc.models import Token
from django.utils import timezone

from apps.oauth2 import tasks
from apps.oauth2.tests.applications import access_token
from apps.users.models import User


def test_expired_tokens_are_deleted_by_the_job(user: User) -> None:
    access_token(user, ("read",))
    Token.objects.update(expires_at=timezone.now() - timedelta(days=1))
    tasks.delete_expired_tokens.delay()
    assert not Token.objects.exists()
