from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.users.models import User
from apps.users.tests.factories import UserFactory

URL = "/api/graphql/"
USERS = "{ users(first: 2) { edges { node { id email name isStaff } } pageInfo { hasNextPage } } }"


def test_a_user_reads_and_changes_the_own_account(user_api: APIClient, user: User) -> None:
    query = 'mutation { changeProfile(fields: {name: "Ada"}) { id name email isStaff dateJoined } }'
    changed = user_api.post(URL, {"query": query}).json()["data"]["changeProfile"]
    user.refresh_from_db()
    assert user.name == "Ada"
    body = {"query": "{ me { id name email isStaff dateJoined } }"}
    found = user_api.post(URL, body).json()["data"]["me"]
    assert found == changed == rest(user_api.get("/api/v1/users/me/").json())


def rest(fields: dict[str, Any]) -> dict[str, Any]:
    """Return an account of the REST API as GraphQL has it."""
    return {
        "id": str(fields["id"]),
        "name": fields["name"],
        "email": fields["email"],
        "isStaff": fields["is_staff"],
        "dateJoined": fields["date_joined"],
    }


def test_an_invalid_name_points_at_it(user_api: APIClient) -> None:
    query = 'mutation { changeProfile(fields: {name: "a\\nb"}) { id } }'
    [error] = user_api.post(URL, {"query": query}).json()["errors"]
    assert error["extensions"]["code"] == "invalid"
    assert error["extensions"]["errors"][0]["pointer"] == "#/name"


@pytest.mark.django_db
def test_staff_with_the_permission_read_all_accounts(staff_api: APIClient) -> None:
    accounts = UserFactory.create_batch(2)
    page = staff_api.post(URL, {"query": USERS}).json()["data"]["users"]
    emails = [edge["node"]["email"] for edge in page["edges"]]
    assert emails == [account.email for account in reversed(accounts)]
    assert page["pageInfo"] == {"hasNextPage": True}
    query = "query ($id: ID!) { user(id: $id) { email } }"
    body = {"query": query, "variables": {"id": accounts[0].pk}}
    found = staff_api.post(URL, body).json()
    assert found == {"data": {"user": {"email": accounts[0].email}}}


@pytest.mark.django_db
def test_staff_without_the_permission_read_none() -> None:
    client = APIClient()
    client.force_authenticate(UserFactory.create(is_staff=True))
    [error] = client.post(URL, {"query": USERS}).json()["errors"]
    assert error["extensions"] == {"code": "permission_denied", "status": 403}
