"""A schema over models of Django, so that the tests need no other app of the project."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any

import strawberry
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from strawberry import UNSET, Info

from apps.graphql import schema
from apps.graphql.inputs import BigInt, values_of
from apps.graphql.pages import Connection
from apps.graphql.rows import Read, children, derived, one, pages, related, row
from apps.users.models import User


@strawberry.enum
class Action(Enum):
    ADDED = ADDITION
    CHANGED = CHANGE
    DELETED = DELETION


def entries() -> QuerySet[LogEntry]:
    return LogEntry.objects.all()


def own_entries(user: User) -> QuerySet[LogEntry]:
    return LogEntry.objects.filter(user=user)


def users() -> QuerySet[User]:
    return User.objects.all()


def only_the_caller(user: User) -> QuerySet[User]:
    return User.objects.filter(pk=user.pk)


@strawberry.type
class Kind:
    id: strawberry.ID
    model: str


@strawberry.type
class Entry:
    id: strawberry.ID
    object_repr: str
    action_flag: Action
    title: str = derived(lambda text, flag: f"{text} ({flag})", "object_repr", "action_flag")
    actions: list[Action] = derived(lambda flag: [flag], "action_flag")
    length: BigInt = derived(len, "object_repr")
    user: Annotated["Person", strawberry.lazy("apps.graphql.tests.schemas")]
    content_type: Kind | None
    visible_user: Annotated["Person", strawberry.lazy("apps.graphql.tests.schemas")] | None = (
        related(only_the_caller, "user_id")
    )


@strawberry.type
class Person:
    id: strawberry.ID
    name: str
    logentry_set: list[Entry] = children(most=20)
    entries: Connection[Entry] = pages(entries, "user_id")


@strawberry.input
class Search:
    day: date | None = UNSET
    actions: list[Action] = strawberry.field(default_factory=list)
    name: str | None = UNSET


@strawberry.type
class Query:
    people: Connection[Person] = pages(users)
    entries: Connection[Entry] = pages(own_entries)
    person: Person | None = row(users)

    @strawberry.field
    def everyone(self) -> list[Person]:
        return Read(users().order_by("pk"))  # type: ignore[return-value]  # is read later

    @strawberry.field
    def me(self, info: Info[Any]) -> Person:
        return one(only_the_caller(info.context.user))  # type: ignore[no-any-return]

    @strawberry.field
    def given(self, search: Search) -> str:
        return str(values_of(search))

    @strawberry.field
    def staff(self) -> str:
        return "ok"

    @strawberry.field
    def bug(self) -> str:
        raise RuntimeError("secret")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> str:
        return "ok"


# As those of the access table, with the callers that may use a field.
EVERYONE = SimpleNamespace(allowed=("anonymous", "user", "support"))
SIGNED_IN = SimpleNamespace(allowed=("user", "support"))
STAFF = SimpleNamespace(allowed=("support", "admin"))
RULES = {
    "Query.people": EVERYONE,
    "Query.entries": SIGNED_IN,
    "Query.person": EVERYONE,
    "Query.everyone": EVERYONE,
    "Query.me": SIGNED_IN,
    "Query.given": EVERYONE,
    "Query.staff": STAFF,
    "Query.bug": EVERYONE,
    "Mutation.touch": SIGNED_IN,
}


@dataclass
class Context:
    user: Any
    operation_name: str | None = None


def build() -> schema.Schema:
    return schema.build(Query, Mutation)


def data(query: str, user: Any, **variables: Any) -> Any:
    """Return the data of a response without errors."""
    result = schema.get_schema().execute_sync(query, variables, Context(user))
    assert not result.errors, result.errors
    return result.data


def create_entries(user: User, number: int) -> list[LogEntry]:
    kind = ContentType.objects.get_for_model(User)
    rows = [
        LogEntry(user=user, content_type=kind, object_repr=f"{number}", action_flag=CHANGE)
        for number in range(number)
    ]
    return LogEntry.objects.bulk_create(rows)
