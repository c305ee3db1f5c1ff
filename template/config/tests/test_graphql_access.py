"""Uses every field of the GraphQL API as every caller, and compares with `config.graphql_access`."""

from typing import Any

import pytest
from django.db import transaction
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
)
from rest_framework.test import APIClient

from apps.graphql.pages import PageInfo
from apps.graphql.schema import get_schema
from apps.graphql.tests.operations import URL
from config.access import ACCESS, Caller, Rule
from config.environment import BASE_DIR
from config.graphql_access import FIELDS, ROUTES, markdown, rules
from config.tests.run import PRODUCTION, python
from config.tests.test_access import REJECTIONS, SUPERUSER, World, world
from config.tests.test_graphql_fuzz import selection

__all__ = ["world"]

SERVE = """
import django
django.setup()
from apps.graphql import schema
schema.access_table = dict
import {}
"""

TYPES: dict[str, Any] = get_schema()._schema.type_map  # noqa: SLF001  # Strawberry has no public name
ROOTS = [
    (kind, field)
    for kind in ("Query", "Mutation")
    for field in getattr(TYPES.get(kind), "fields", ())
]
# Your own fields have tests of their own.
ROUTED = [(kind, field) for kind, field in ROOTS if f"{kind}.{field}" in ROUTES]
# A value of each type of input. None of them is of an object, so that nothing is changed.
VALUES = dict.fromkeys(("Int", "BigInt"), "0")
VALUES |= {"String": '""', "Float": "0.0", "Boolean": "false", "Date": '"2030-01-01"'}


def required(fields: Any, object_id: object) -> str:
    """Return values of the required arguments, or of the required fields of an input."""
    return ", ".join(
        f"{name}: {value(each.type, object_id)}"
        for name, each in fields.items()
        if isinstance(each.type, GraphQLNonNull)
    )


def value(kind: Any, object_id: object) -> str:
    """Return a value of an input type, as it stands in a query."""
    kind = get_named_type(kind)
    if isinstance(kind, GraphQLInputObjectType):
        return "{" + required(kind.fields, object_id) + "}"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    return VALUES.get(kind.name, f'"{object_id}"')


def operation(kind: str, field: str, object_id: object = 1, selected: str = "") -> str:
    """Return an operation with a root field and its required arguments."""
    definition = TYPES[kind].fields[field]
    arguments = required(definition.args, object_id)
    is_object = isinstance(get_named_type(definition.type), GraphQLObjectType)
    shown = selected or (" { __typename }" if is_object else "")
    called = f"{field}({arguments})" if arguments else field
    return kind.lower() + " { " + called + shown + " }"


def use(world: World, caller: str, query: str) -> Any:
    """Return the response to an operation. Changes nothing."""
    client = APIClient(raise_request_exception=False)
    if caller != Caller.ANONYMOUS:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {world.token(caller)}")
    with transaction.atomic():
        response = client.post(URL, {"query": query})
        transaction.set_rollback(True)
    return response.json()


def id_of(world: World, field: str) -> object:
    """Return the id of the object that the route of a field names."""
    path, _, condition = ROUTES.get(field, "").partition(" (")
    word = path.partition("/{id}")[0].rpartition("/")[2]
    return world.ids.get(f"{word} ({condition}" if condition else word, 1)


def status(response: Any, field: str) -> int | None:
    """Return the status that the REST API would reject the caller with, or None."""
    for error in response.get("errors", ()):
        code: int = error["extensions"]["status"]
        return code if code in REJECTIONS or code >= 500 else None
    return 404 if response["data"][field] is None else None


@pytest.mark.parametrize("module", ["config.asgi", "config.wsgi"])
def test_a_root_field_without_a_rule_keeps_the_service_from_starting(module: str) -> None:
    environment = PRODUCTION | {"DJANGO_SETTINGS_MODULE": "config.settings.production"}
    process = python(SERVE.format(module), **environment)
    assert process.returncode == 1
    assert "has no access rule" in process.stderr


@pytest.mark.parametrize("caller", [*Caller, SUPERUSER])
def test_each_root_field_accepts_the_callers_of_its_row_and_no_others(
    world: World, caller: str
) -> None:
    role = Caller.ADMIN if caller == SUPERUSER else Caller(caller)
    table, found, expected = rules(), {}, {}
    for kind, field in ROUTED:
        name = f"{kind}.{field}"
        response = use(world, caller, operation(kind, field, id_of(world, name)))
        found[name], expected[name] = status(response, field), table[name].status(role)
    assert found == expected


def test_every_root_field_has_a_row_and_every_row_a_field() -> None:
    assert {f"{kind}.{field}" for kind, field in ROOTS} == rules().keys()


def test_every_field_of_an_object_has_a_row_and_every_row_a_field() -> None:
    own = {
        name: {*kind.fields}
        for name, kind in TYPES.items()
        if isinstance(kind, GraphQLObjectType) and is_object_of_the_api(name, kind)
    }
    listed = {
        name: {*" ".join(fields for _, fields in rows).split()} for name, rows in FIELDS.items()
    }
    missing = {name: fields - listed.get(name, set()) for name, fields in own.items()}
    assert not any(missing.values()), f"Give them rows in config/graphql_access.py: {missing}"
    assert not any(listed[name] - own.get(name, set()) for name in listed)


def is_object_of_the_api(name: str, kind: GraphQLObjectType) -> bool:
    """Tell whether a type has rows. Those of your own apps need none."""
    frame = ("Query", "Mutation", PageInfo.__name__)
    if name.startswith("__") or name in frame or name.endswith(("Connection", "Edge")):
        return False
    module = kind.extensions["strawberry-definition"].origin.__module__
    return module.rpartition(".")[0] in ACCESS


def test_the_documentation_shows_the_table() -> None:
    page = (BASE_DIR / "docs/graphql.md").read_text()
    assert page == markdown(), "Run `make access`, which writes docs/graphql.md."


def public_fields() -> dict[str, set[str]]:
    """Return the fields by type that an anonymous client may see."""
    return {
        name: {each for rule, fields in rows if is_public(rule) for each in fields.split()}
        for name, rows in FIELDS.items()
    }


def is_public(rule: Rule) -> bool:
    return Caller.ANONYMOUS in rule.allowed


def leaked(kind: Any, found: Any, public: dict[str, set[str]]) -> list[str]:
    """Return the fields with a value that no anonymous client may see."""
    kind = get_named_type(kind)
    if found is None or isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return []
    if isinstance(found, list):
        return [name for each in found for name in leaked(kind, each, public)]
    names = []
    for name in kind.fields.keys() & found.keys():
        if found[name] is not None and name not in public.get(kind.name, {*kind.fields}):
            names.append(f"{kind.name}.{name}")
        names += leaked(kind.fields[name].type, found[name], public)
    return names


def test_an_anonymous_client_reads_what_is_declared_public_and_changes_nothing(
    world: World,
) -> None:
    table, public = rules(), public_fields()
    for kind, field in ROUTED:
        shown = TYPES[kind].fields[field].type
        query = operation(kind, field, id_of(world, f"{kind}.{field}"), selection(shown, 5))
        response = use(world, Caller.ANONYMOUS, query)
        if not is_public(table[f"{kind}.{field}"]):
            assert response["data"] in (None, {field: None}), field
            assert response["errors"][0]["extensions"]["status"] == 401
            continue
        assert kind == "Query"
        assert "errors" not in response, response
        assert leaked(shown, response["data"][field], public) == []
