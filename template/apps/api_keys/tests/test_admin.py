import pytest
from django.test import Client

from apps.api_keys.models import ApiKey
from apps.api_keys.tests.factories import create_key
from apps.users.models import User
from apps.users.tests.factories import staff_with

PAGE = "/admin/api_keys/apikey/"


@pytest.mark.parametrize("can_revoke", [True, False])
def test_staff_revoke_keys_with_the_permission_to_change_them(
    client: Client, user: User, *, can_revoke: bool
) -> None:
    keys = [create_key(user)[0] for _ in range(2)]
    client.force_login(staff_with("view_apikey", *["change_apikey"] * can_revoke))
    client.post(PAGE, {"action": "revoke", "_selected_action": [key.pk for key in keys]})
    assert ApiKey.objects.filter(revoked_at=None).count() == (0 if can_revoke else 2)


def test_the_admin_shows_keys_without_their_hashes_and_changes_none(
    client: Client, user: User
) -> None:
    key, _ = create_key(user)
    client.force_login(staff_with("view_apikey", "change_apikey", "add_apikey"))
    for path in (PAGE, f"{PAGE}{key.pk}/change/"):
        page = client.get(path).content.decode()
        assert key.key_id in page
        assert key.digest not in page
        assert user.email in page
    assert client.get(f"{PAGE}add/").status_code == 403
    assert client.post(f"{PAGE}{key.pk}/change/", {"name": "New"}).status_code == 403
