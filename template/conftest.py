"""Fixtures that every test may use."""

import os
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import router
from django.test import TestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from rest_framework.test import APIClient

from apps.common.tests.conftest import log  # noqa: F401  # a fixture for all tests
from apps.users.models import User
from apps.users.tests.factories import UserFactory

# Hypothesis and Schemathesis try a few examples, always the same ones; more of them, and
# Schemathesis' boundary values, with `make test FUZZ=100`.
for profile, examples in (("few", 10), ("many", int(os.environ.get("FUZZ") or 100))):
    hypothesis_settings.register_profile(
        profile,
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
hypothesis_settings.load_profile("many" if os.environ.get("FUZZ") else "few")


class KeepPermissions:
    """A database router with which Django leaves permissions and content types in the database.

    It empties all tables after each test that commits. To create these rows again takes longer
    than most tests.
    """

    def allow_migrate(self, _: str, app_label: str, **hints: Any) -> bool | None:
        table = app_label, hints.get("model_name")
        kept = {("auth", "permission"), ("contenttypes", "contenttype")}
        return False if table in kept else None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    router.routers.append(KeepPermissions())


@pytest.fixture(autouse=True)
def _cache_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test other keys, so that tests in other processes may share the cache."""
    prefix = uuid4().hex
    # In place: each new `CACHES` would leave a context variable behind, which slows all that follows.
    monkeypatch.setitem(settings.CACHES["default"], "KEY_PREFIX", prefix)
    monkeypatch.setattr(caches["default"], "key_prefix", prefix)


class CommittingClient(APIClient):
    """A client after whose requests happens what the service does on commit, such as sending mails.

    Most tests run in a transaction that is rolled back. To commit, and to delete the rows afterwards,
    takes a hundred times as long.
    """

    def generic(self, *args: Any, **kwargs: Any) -> Any:
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().generic(*args, **kwargs)


class FormClient(CommittingClient):
    """The same for the forms of the admin."""

    default_format = "multipart"


@pytest.fixture
def api() -> APIClient:
    """Return an anonymous client. An exception in a view becomes a response, as in production."""
    return CommittingClient(raise_request_exception=False)


@pytest.fixture
def user(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def user_api(user: User) -> APIClient:
    """Return a client that is signed in as `user`."""
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def staff_api(db: None) -> APIClient:
    """Return a client that is signed in as an administrator."""
    client = APIClient()
    client.force_authenticate(UserFactory.create(is_staff=True, is_superuser=True))
    return client
