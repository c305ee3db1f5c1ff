"""Rows of everything, users that may read them, and how to read them: for tests and `make bench`."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test import Client
from factory import SubFactory
from factory.django import DjangoModelFactory
from rest_framework.views import APIView

from apps.users.models import User
from apps.users.tests.factories import UserFactory
from config.tests.routes import fill

Statements = list[tuple[str, Any]]  # SQL and its parameters
Parameters = dict[str, dict[str, Any]]  # by path of the OpenAPI document


def create_users() -> list[User]:
    """Create an ordinary user, to whom the rows will belong, and a superuser."""
    return [UserFactory.create(), UserFactory.create(is_staff=True, is_superuser=True)]


def create_rows(user: User, number: int) -> Parameters:
    """Create this many rows of everything. Return the parameters of some paths.

    In an app, each factory of tests/factories.py creates rows. If that is not enough, write a function
    `create_many(user, number)` there, which creates all rows of the app. It returns the parameters of
    paths whose views cannot tell them, as in `{"/api/v1/orders/{id}/lines/": {"id": order.pk}}`.
    """
    parameters: Parameters = {}
    with transaction.atomic():
        for app in apps.get_app_configs():
            if app.name.startswith("apps.") and Path(app.path, "tests/factories.py").exists():
                factories = import_module(f"{app.name}.tests.factories")
                if hasattr(factories, "create_many"):
                    parameters |= factories.create_many(user, number)
                else:
                    create_with_factories(factories, user, number)
        # No e-mails and no jobs: they would be about rows of another database.
        connection.run_on_commit.clear()
    return parameters


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


@dataclass
class Reading:
    """A response, the view that made it, and the SELECTs before and in the view's own method."""

    response: Any
    view: Any
    before: Statements
    own: Statements


def read(client: Client, url: str) -> Reading:
    """Request a URL in this process."""
    view, before, own = None, Statements(), Statements()
    current = before
    initial: Any = APIView.initial

    def initial_and_switch(self: Any, *args: Any, **kwargs: Any) -> None:
        """Authenticate, and check permissions and limits: these queries are not the view's own."""
        nonlocal view, current
        view = self
        initial(self, *args, **kwargs)
        current = own

    def note(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if re.match(r"[\s(]*(SELECT|WITH)\b", sql, re.IGNORECASE):
            current.append((sql, params))
        return execute(sql, params, many, context)

    with patch.object(APIView, "initial", initial_and_switch), connection.execute_wrapper(note):
        response = client.get(url)
    return Reading(response, view, before, own)


def find_url(
    path: str, operation: dict[str, Any], clients: list[Client], given: Parameters, number: int
) -> tuple[Client, str]:
    """Return a URL of a GET, with up to this many rows, and the first client that may read it.

    Raises LookupError.
    """
    in_path = {*re.findall(r"{(\w+)}", path)}
    known = {each["name"] for each in operation.get("parameters", ())}
    size = dict.fromkeys(known & {"page_size", "limit"}, number)
    problems = []
    for client in clients:
        values = given.get(path) or (first_object(client, path) if in_path else {})
        url = path
        for name in in_path & values.keys():
            url = url.replace("{" + name + "}", str(values[name]))
        if query := size | {name: values[name] for name in values.keys() - in_path}:
            url += f"?{urlencode(query)}"
        response = client.get(url)
        if response.status_code == HTTPStatus.OK:
            return client, url
        problems.append(f"{url} returned {response.status_code}")
    text = "{}, and for a superuser {}. See `create_rows` in config/tests/rows.py."
    raise LookupError(text.format(*problems))


def with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def first_object(client: Client, path: str) -> dict[str, Any]:
    """Return the parameter of a path for the first object that its view may show, if it tells one."""
    view = read(client, fill(path)).view
    try:
        row = view.filter_queryset(view.get_queryset()).first()
        return {re.findall(r"{(\w+)}", path)[-1]: getattr(row, view.lookup_field)}
    except Exception:  # noqa: BLE001  # views may do anything
        return {}
