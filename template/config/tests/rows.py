"""The rows that `make bench` reads, in a database of their own, and the users that may read them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from factory import SubFactory
from factory.django import DjangoModelFactory

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from config.tests.servers import use_scratch

Parameters = dict[str, dict[str, Any]]  # by path of the OpenAPI document


@contextmanager
def scratch_database() -> Iterator[None]:
    """Create a scratch database, use it, and delete it."""
    use_scratch()
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(Path("bench.sqlite3").resolve())
    configured_name = connection.settings_dict["NAME"]
    os.environ["BENCH_DATABASE"] = connection.creation.create_test_db(
        verbosity=0, autoclobber=True, serialize=False
    )
    try:
        yield
    finally:
        connection.creation.destroy_test_db(configured_name, verbosity=0)
        # The files that SQLite keeps beside its database, such as the WAL.
        for file in Path().glob("bench.sqlite3*"):
            file.unlink()


def create_rows(number: int) -> tuple[list[Client], Parameters]:
    """Create this many rows of everything. Return two clients, and the parameters of some paths.

    The first client is an ordinary user, to whom the rows belong, and the second one a superuser.

    In an app, each factory of tests/factories.py creates rows. If that is not enough, write a function
    `create_many(user, number)` there, which creates all rows of the app. It returns the parameters of
    paths whose views cannot tell them, as in `{"/api/v1/orders/{id}/lines/": {"id": order.pk}}`.
    """
    # There are hundreds of users, none of them a real one.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    parameters: Parameters = {}
    with transaction.atomic():
        user, superuser = UserFactory.create(), UserFactory.create(is_staff=True, is_superuser=True)
        # Before there is a row that makes the password insufficient.
        clients = [sign_in(user), sign_in(superuser)]
        for app in apps.get_app_configs():
            if app.name.startswith("apps.") and Path(app.path, "tests/factories.py").exists():
                factories = import_module(f"{app.name}.tests.factories")
                if hasattr(factories, "create_many"):
                    parameters |= factories.create_many(user, number)
                else:
                    create_with_factories(factories, user, number)
        # No e-mails and no jobs: they would be about rows of another database.
        connection.run_on_commit.clear()
    return clients, parameters


def sign_in(user: User) -> Client:
    """Return a client that sends the access token of a user."""
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    body = {"email": user.email, "password": PASSWORD}
    response = client.post(reverse("sign-in"), body, "application/json")
    if response.status_code != HTTPStatus.OK:
        raise SystemExit(f"Nobody can sign in: {response.content.decode()}")
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {response.json()['access']}"
    return client


def create_with_factories(module: Any, user: User, number: int) -> None:
    """Let each factory of a module create rows, which belong to the user as far as they can."""
    for each in vars(module).values():
        if getattr(each, "__module__", "") != module.__name__ or not isinstance(each, type):
            continue
        if not issubclass(each, DjangoModelFactory) or each._meta.abstract:  # noqa: SLF001  # documented
            continue
        declared: dict[str, Any] = each._meta.base_declarations  # noqa: SLF001
        names = [name for name, value in declared.items() if is_of_user(value)]
        # The user may perhaps stand in one column of a row only, or in one row only.
        for own in (names, names[:1], []):
            try:
                with transaction.atomic():
                    each.create_batch(number, **dict.fromkeys(own, user))
                break
            except IntegrityError:
                if not own:
                    raise


def is_of_user(declaration: Any) -> bool:
    """Tell whether a declaration of a factory creates a user."""
    is_row = isinstance(declaration, SubFactory)
    return is_row and declaration.get_factory()._meta.model is User  # noqa: SLF001
