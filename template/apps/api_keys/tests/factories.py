"""Keys for tests, and clients that send them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from rest_framework.test import APIClient

from apps.api_keys import services
from apps.api_keys.models import ApiKey
from apps.users.models import User
from apps.users.tests.factories import UserFactory


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A key of which nobody has the text."""

    class Meta:
        model = ApiKey

    user = factory.SubFactory(UserFactory)
    name = "Export"
    key_id = factory.Sequence(lambda number: f"{number:016}")
    digest = "0" * 64
    scopes: Any = factory.LazyFunction(lambda: ["read"])
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=90))


def create_key(user: User, scopes: Sequence[str] = ("read",)) -> tuple[ApiKey, str]:
    """Return a new key of a user, and its text."""
    return services.create(user=user, name="Export", scopes=scopes, expires_in_days=90)


def client_with(text: str, scheme: str = "Api-Key") -> APIClient:
    """Return a client that sends a key. An exception in a view becomes a response."""
    headers = {"Authorization": f"{scheme} {text}"}
    return APIClient(raise_request_exception=False, headers=headers)
