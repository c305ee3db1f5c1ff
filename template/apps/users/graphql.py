"""Users: the own account for all users, every account for staff."""

from datetime import datetime
from typing import Any

import strawberry
from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied
from strawberry import Info

from apps.graphql.inputs import validated
from apps.graphql.pages import Connection
from apps.graphql.rows import one, pages, row
from apps.users import selectors, services
from apps.users.api.serializers import UserSerializer
from apps.users.models import User


@strawberry.type(name="User", description="An account, for its owner and for staff.")
class UserType:
    id: strawberry.ID
    email: str
    name: str
    is_staff: bool
    date_joined: datetime


def viewable(user: User) -> QuerySet[User]:
    """Return all accounts, for staff with the permission to view users. Raises PermissionDenied."""
    if not user.has_perm("users.view_user"):
        raise PermissionDenied
    return selectors.users()


@strawberry.type
class Query:
    users: Connection[UserType] | None = pages(viewable)
    user: UserType | None = row(viewable)

    @strawberry.field
    def me(self, info: Info[Any]) -> UserType | None:
        """Your own account."""
        return own(info)


@strawberry.input
class ProfileInput:
    name: str


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change_profile(self, info: Info[Any], fields: ProfileInput) -> UserType | None:
        """Change your own account."""
        services.change_profile(user=info.context.user, **validated(UserSerializer, fields))
        return own(info)


def own(info: Info[Any]) -> Any:
    return one(selectors.users().filter(pk=info.context.user.pk))
