"""The schema: what the module `graphql` of each app adds, with an access rule for each root field."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib import import_module
from typing import Any

import strawberry
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils.module_loading import import_string, module_has_submodule
from graphql import (
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationType,
    is_non_null_type,
)
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from strawberry.extensions import (
    AddValidationRules,
    MaxTokensLimiter,
    ParserCache,
    SchemaExtension,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.tools import merge_types

from apps.common.problems import Unavailable
from apps.graphql.inputs import SCALARS
from apps.graphql.limits import MAX_TOKENS, LimitsRule, check_cost
from apps.graphql.rows import Read, Reader
from apps.graphql.selections import Selections

ROOTS = ("Query", "Mutation")
CACHED = 32  # documents that are parsed and validated once
STAFF = {"support", "admin"}


class TimeLimitExceeded(Unavailable):
    default_code = "time_limit_exceeded"
    default_detail = "The operation took too long. Ask for less."


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Checks the cost before it executes an operation, and lets a `Read` make its own output."""

    def execute_operation(self, *args: Any) -> Any:
        self.selections = Selections(self.fragment_definitions, self.variable_values)
        root: Any = self.schema.get_root_type(self.operation.operation)
        check_cost(self.selections, root, self.operation)
        # A change is short, and its client has to learn that it is stored.
        is_change = self.operation.operation is OperationType.MUTATION
        with nullcontext() if is_change else time_limit(settings.GRAPHQL_TIME_LIMIT):
            return super().execute_operation(*args)

    def complete_value(
        self, return_type: Any, details: Any, info: Any, path: Any, result: Any, *more: Any
    ) -> Any:
        if isinstance(result, Read):
            reader = Reader(self.selections, self.context_value.user)
            return reader.output(result, return_type, info.field_nodes)
        return super().complete_value(return_type, details, info, path, result, *more)


class Schema(strawberry.Schema):
    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Log nothing: Strawberry's line has the query, with what the client sends. See `error_of`."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitExceeded in place of the first SQL statement that would begin too late."""
    end = time.monotonic() + seconds

    def check(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  # Django's
        if time.monotonic() > end:
            raise TimeLimitExceeded
        return execute(sql, params, many, context)

    with connection.execute_wrapper(check):
        yield


class AccessExtension(SchemaExtension):
    """Rejects the callers that the access table does not allow, before a root field is resolved."""

    def on_validate(self) -> Iterator[None]:
        """Reject a document that leaves open which of its operations is meant. Raises GraphQLError."""
        document: Any = self.execution_context.graphql_document
        operations = [each for each in document.definitions if hasattr(each, "operation")]
        if len(operations) > 1 and self.execution_context.context.operation_name is None:
            raise GraphQLError("Give the operationName: there are several operations.", operations)
        yield

    def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        kind, name = info.parent_type.name, info.field_name
        # Introspection, where it is on, is for everybody.
        if kind in ROOTS and not name.startswith("__"):
            check_access(access_table()[f"{kind}.{name}"], info.context)
        return _next(root, info, *args, **kwargs)


def check_access(rule: Any, context: Any) -> None:
    """Raise NotAuthenticated or PermissionDenied for a caller that a rule does not allow.

    What depends on an object, such as who is its owner, selectors and services decide.
    """
    user, allowed = context.user, _allowed(rule)
    if not user.is_authenticated and "anonymous" not in allowed:
        raise NotAuthenticated
    if allowed == STAFF and not user.is_staff:
        raise PermissionDenied


def _allowed(rule: Any) -> set[str]:
    return {str(caller) for caller in rule.allowed}


@cache
def access_table() -> dict[str, Any]:
    table: dict[str, Any] = import_string(settings.GRAPHQL_ACCESS)()
    return table


@cache
def get_schema() -> Schema:
    """Return the schema. Raises ImproperlyConfigured for a root field that is not declared as it must be."""
    modules = [
        import_module(f"{app.name}.graphql")
        for app in apps.get_app_configs()
        if app.name != "apps.graphql" and module_has_submodule(app.module, "graphql")
    ]
    schema = build(*(_merged(name, modules) for name in ROOTS))
    _check_root_fields(schema)
    return schema


def build(query: Any, mutation: Any = None) -> Schema:
    """Return a schema with our limits. Introspection is for development."""
    rules: list[Any] = [LimitsRule]
    if not settings.DEBUG:
        rules.append(NoSchemaIntrospectionCustomRule)
    return Schema(
        query,
        mutation,
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=Executor,
        extensions=[
            lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
            # Clients choose what is in them: each entry can take hundreds of kilobytes.
            lambda: ParserCache(maxsize=CACHED),
            lambda: AddValidationRules(rules),
            lambda: ValidationCache(maxsize=CACHED),
            AccessExtension,
        ],
    )


def _merged(name: str, modules: list[Any]) -> Any:
    parts = tuple(getattr(module, name) for module in modules if hasattr(module, name))
    fields = [each.name for part in parts for each in part.__strawberry_definition__.fields]
    twice = sorted({each for each in fields if fields.count(each) > 1})
    if twice:
        raise ImproperlyConfigured(f"Two apps have a field of {name} called {', '.join(twice)}.")
    return merge_types(name, parts) if parts else None


def _check_root_fields(schema: Schema) -> None:
    """Raise ImproperlyConfigured for a root field without a rule, or one that may not be null."""
    for name in ROOTS:
        kind: Any = schema._schema.type_map.get(name)  # noqa: SLF001  # Strawberry has no public name
        for field, definition in kind.fields.items() if kind else ():
            rule = access_table().get(f"{name}.{field}")
            if rule and _allowed(rule) < STAFF:
                raise ImproperlyConfigured(
                    f"{name}.{field} has a rule for some of the staff, or for nobody. Only its resolver "
                    "can know them: give it the rule STAFF, and raise PermissionDenied there."
                )
            if rule is None:
                raise ImproperlyConfigured(
                    f"{name}.{field} has no access rule. Give it one in config/own_urls.py, in the "
                    f'dictionary graphql_access: "{name}.{field}": SIGNED_IN.'
                )
            if is_non_null_type(definition.type):
                raise ImproperlyConfigured(
                    f"{name}.{field} may not be null, so its error would discard the results of all "
                    "fields. Add `| None` to its type."
                )
