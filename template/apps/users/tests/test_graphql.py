import pytest
from rest_framework.test import APIClient
from strawberry.utils.str_converters import to_camel_case

from apps.graphql.tests.operations import send
from apps.users.models import User
from apps.users.tests.factories import UserFactory

USERS = "{ users(first: 2) { edges { node { id email name isStaff } } pageInfo { hasNextPage } } }"


def test_a_user_reads_and_changes_the_own_account(user_api: APIClient, user: User) -> None:
    query = 'mutation { changeProfile(fields: {name: "Ada"}) { id name email isStaff dateJoined } }'
    changed = send(user_api, query)["data"]["changeProfile"]
    user.refresh_from_db()
    assert user.name == "Ada"
    found = send(user_api, "{ me { id name email isStaff dateJoined } }")["data"]["me"]
    expected = user_api.get("/api/v1/users/me/").json()
    expected = {to_camel_case(name): value for name, value in expected.items()}
    assert found == changed == expected | {"id": str(user.pk)}


def test_an_invalid_name_points_at_it(user_api: APIClient) -> None:
    query = 'mutation { changeProfile(fields: {name: "a\\nb"}) { id } }'
    [error] = send(user_api, query)["errors"]
    assert error["extensions"]["code"] == "invalid"
    assert error["extensions"]["errors"][0]["pointer"] == "#/name"


@pytest.mark.django_db
def test_staff_with_the_permission_read_all_accounts(staff_api: APIClient) -> None:
    accounts = UserFactory.create_batch(2)
    page = send(staff_api, USERS)["data"]["users"]
    emails = [edge["node"]["email"] for edge in page["edges"]]
    assert emails == [account.email for account in reversed(accounts)]
    assert page["pageInfo"] == {"hasNextPage": True}
    query = "query ($id: ID!) { user(id: $id) { email } }"
    found = send(staff_api, query, id=accounts[0].pk)
    assert found == {"data": {"user": {"email": accounts[0].email}}}


@pytest.mark.django_db
def test_staff_without_the_permission_read_none() -> None:
    client = APIClient()
    client.force_authenticate(UserFactory.create(is_staff=True))
    [error] = send(client, USERS)["errors"]
    assert error["extensions"] == {"code": "permission_denied", "status": 403}
