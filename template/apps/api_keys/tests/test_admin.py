import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.api_keys.models import ApiKey
from apps.api_keys.tests.factories import create_key
from apps.users.models import User
from apps.users.tests.factories import UserFactory

PAGE = "/admin/api_keys/apikey/"


def admin_with(*permissions: str) -> Client:
    """Return a client that is signed in to the admin with some permissions for keys."""
    staff = UserFactory.create(is_staff=True)
    names = [f"{name}_apikey" for name in permissions]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(staff)
    return client


@pytest.mark.parametrize("can_revoke", [True, False])
def test_staff_revoke_keys_with_the_permission_to_change_them(
    user: User, *, can_revoke: bool
) -> None:
    keys = [create_key(user)[0] for _ in range(2)]
    admin = admin_with("view", *["change"] * can_revoke)
    form = {"action": "revoke", "_selected_action": [key.pk for key in keys]}
    admin.post(PAGE, form)
    assert ApiKey.objects.filter(revoked_at=None).count() == (0 if can_revoke else 2)


def test_the_admin_shows_keys_without_their_hashes_and_changes_none(user: User) -> None:
    key, _ = create_key(user)
    admin = admin_with("view", "change", "add")
    pages = [admin.get(path).content.decode() for path in (PAGE, f"{PAGE}{key.pk}/change/")]
    for page in pages:
        assert key.key_id in page
        assert key.digest not in page
        assert user.email in page
    assert admin.get(f"{PAGE}add/").status_code == 403
    assert admin.post(f"{PAGE}{key.pk}/change/", {"name": "New"}).status_code == 403
