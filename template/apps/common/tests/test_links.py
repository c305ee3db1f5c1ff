"""Follows the links of the API as a client does: each response leads to the next requests."""

from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from datetime import date, timedelta
from io import StringIO
from itertools import cycle, pairwise
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.management import call_command, get_commands
from django.core.servers.basehttp import get_internal_wsgi_application
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from apps.common.openapi import operations
from apps.common.tests.link_paths import (
    date_fields,
    example_of,
    link_paths,
    links_of,
    required_headers,
)
from apps.common.tests.test_schema import DOCUMENT
from apps.users.models import User
from apps.users.tests.factories import UserFactory

OPERATIONS = operations(DOCUMENT)
days = cycle(range(30, 600, 10))


def sent(name: str) -> dict[str, Any] | None:
    """Return what one sends to an operation: its example, with days to come, new ones each time."""
    body = example_of(OPERATIONS[name])
    first = date.today() + timedelta(days=next(days))  # noqa: DTZ011  # any day will do
    for turn, field in enumerate(date_fields(body or {})):
        body = (body or {}) | {field: str(first + timedelta(days=turn))}
    return body


def taken(expression: str, answer: Any) -> Any:
    """Return the value that a link takes from a response (OpenAPI 3.1, runtime expressions)."""
    _, header, name = expression.partition("$response.header.")
    if header:
        return answer[name]
    value = answer.json()
    for key in expression.removeprefix("$response.body#/").split("/"):
        value = value[int(key) if isinstance(value, list) else key]
    return value


def send(api: APIClient, name: str, link: dict[str, Any], answer: Any) -> Any:
    """Send an operation's example, with the values that a link takes from another response."""
    operation, body = OPERATIONS[name], sent(name)
    path, headers = operation.path, {name: str(uuid4()) for name in required_headers(operation)}
    for key, expression in link.get("parameters", {}).items():
        where, _, parameter = key.partition(".")
        value = str(taken(expression, answer))
        if where == "header":
            headers[parameter] = value
        path = path.replace("{" + parameter + "}", value)
    for key, expression in link.get("requestBody", {}).items():
        body = (body or {}) | {key: taken(expression, answer)}
    return getattr(api, operation.method)(path, body, headers=headers)


@pytest.fixture
def token(db: None) -> str:
    """Return the token of the administrator of a service with the data of `make seed`, if any."""
    if "seed" in get_commands():
        with override_settings(DEBUG=True):
            call_command("seed", stdout=StringIO())
    credentials = example_of(OPERATIONS["sign_in"]) or {}
    staff = User.objects.filter(email=credentials["email"]).first()
    roles = {"is_staff": True, "is_superuser": True}
    return str(AccessToken.for_user(staff or UserFactory.create(**credentials, **roles)))


def test_every_path_along_the_links_succeeds(token: str) -> None:
    api = APIClient(headers={"Authorization": f"Bearer {token}"})
    for path in link_paths(OPERATIONS):
        answer = send(api, path[0], {}, None)
        for before, name in pairwise(path):
            assert answer.status_code < 300, (path, before, answer.content)
            if not answer.json().get("results", True):
                # An empty list leads nowhere.
                assert "seed" not in get_commands(), path
                break
            answer = send(api, name, links_of(OPERATIONS[before])[name], answer)
        assert answer.status_code < 300, (path, answer.content)
    linked = {name for operation in OPERATIONS.values() for name in links_of(operation)}
    assert {name for path in link_paths(OPERATIONS) for name in path[1:]} == linked != set()


@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("_open_connection")
def test_no_path_along_the_links_breaks_the_contract(token: str) -> None:
    """Let Schemathesis go along the links, and off them, with whatever it makes up."""
    followed: set[str] = set()
    schema = schemathesis.openapi.from_dict(deepcopy(DOCUMENT))
    schema.app = get_internal_wsgi_application()
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    base: Any = schema.as_state_machine()

    class Client(base):  # type: ignore[misc]  # made at run time
        def setup(self) -> None:
            """Let each walk begin with the same data."""
            self.stack = ExitStack()
            self.stack.enter_context(transaction.atomic())

        def teardown(self) -> None:
            transaction.set_rollback(True)  # Django's way
            self.stack.close()

        def step(self, step: Any) -> Any:
            """Send what is good for rules that no schema can express, and what the link gives."""
            name = step.case.operation.definition.raw["operationId"]
            example = sent(name)
            if example and isinstance(step.case.body, dict):
                given = {field for _, field in step.applied_parameters}
                step.case.body = example | {
                    field: value for field, value in step.case.body.items() if field in given
                }
            output = super().step(step)
            if step.transition and step.is_applied and output.response.status_code < 300:
                followed.add(name)
            return output

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {token}"}}

        def validate_response(self, response: Any, case: Any, *_: Any, **options: Any) -> None:
            case.validate_response(
                response,
                # The first one takes its own header for none; it runs in test_schema.py.
                excluded_checks=[ignored_auth, positive_data_acceptance],
                transport_kwargs=options,
                recorder=self.recorder,
            )

    # As many examples as it takes to have followed a link.
    for rounds in range(1, 11):
        Client.run(
            settings=settings(
                max_examples=rounds * settings().max_examples,
                stateful_step_count=6,
                phases=[Phase.generate],
                database=None,
                suppress_health_check=list(HealthCheck),
            )
        )
        if followed:
            break
    assert followed


def bodies(name: str) -> Iterator[tuple[Draft202012Validator, Any]]:
    """Yield every example of an operation, with what it has to be."""
    described = OPERATIONS[name].description
    for body in (described.get("requestBody", {}), *described["responses"].values()):
        shown = body.get("content", {}).get("application/json", {})
        schema = {**shown.get("schema", {}), "components": DOCUMENT["components"]}
        for example in shown.get("examples", {}).values():
            yield Draft202012Validator(schema), example["value"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_examples_are_what_the_document_says(name: str) -> None:
    for validator, value in bodies(name):
        validator.validate(value)


def test_an_example_that_does_not_fit_would_be_seen() -> None:
    ((validator, value),) = bodies("sign_in")
    assert validator.is_valid(value)
    assert not validator.is_valid({**value, "email": 1})
