"""Administrators register applications."""

import re
from typing import Any

import pytest
from allauth.idp.oidc.models import Client, Token
from django.contrib.auth.models import Permission

from apps.common.tests.lines import LogLines
from apps.oauth2.tests.applications import Application, Browser, signed_in
from apps.users.models import User
from apps.users.tests.factories import UserFactory

PAGE = "/admin/allauth_idp_oidc/client/"
FORM: dict[str, Any] = {
    "name": "Photo album",
    "type": "confidential",
    "owner": "",
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "read"],
    "redirect_uris": "https://album.example.org/callback\r\nhttp://127.0.0.1:8123/callback",
}


@pytest.fixture
def admin(db: None) -> Browser:
    """Return a browser in which somebody is signed in who manages clients and nothing else."""
    staff = UserFactory.create(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__model="client"))
    return signed_in(staff)


def secret_in(page: Any) -> str:
    """Return the secret that a page shows, or an empty text."""
    found = re.search(r"shown only now: ([\w-]{43})", page.content.decode())
    return found[1] if found else ""


def test_the_secret_of_a_new_application_is_shown_once(admin: Browser, log: LogLines) -> None:
    page = admin.post(f"{PAGE}add/", FORM, follow=True)
    client = Client.objects.get()
    secret = secret_in(page)
    assert client.check_secret(secret)
    assert client.get_grant_types() == ["authorization_code", "refresh_token"]
    assert client.get_scopes() == ["openid", "read"]
    assert client.get_redirect_uris() == FORM["redirect_uris"].split()
    for path in (PAGE, f"{PAGE}{client.pk}/change/"):
        text = admin.get(path).content.decode()
        assert client.pk in text
        assert client.secret not in text
        assert not secret_in(admin.get(path))
    (line,) = [line for line in log.all() if line["event"] == "application_registered"]
    assert line["client_id"] == client.pk
    assert secret not in str(log.all())


def test_a_secret_can_be_replaced(admin: Browser, log: LogLines) -> None:
    application = Application()
    form = {"action": "replace_secret", "_selected_action": [application.client.pk]}
    secret = secret_in(admin.post(PAGE, form, follow=True))
    client = Client.objects.get()
    assert client.check_secret(secret)
    assert not client.check_secret(application.secret)
    assert "application_secret_replaced" in [line["event"] for line in log.all()]


def test_a_public_client_is_given_no_secret(admin: Browser) -> None:
    page = admin.post(f"{PAGE}add/", FORM | {"type": "public"}, follow=True)
    assert Client.objects.get().type == "public"
    assert not secret_in(page)


def test_changes_and_deletions_are_logged(admin: Browser, log: LogLines) -> None:
    first, second = Application().client, Application().client
    page: Any = admin.get(f"{PAGE}{first.pk}/change/")
    form: Any = page.context["adminform"].form
    assert form["scopes"].value() == first.get_scopes()
    version = {"opened_version": form["opened_version"].value()}
    admin.post(f"{PAGE}{first.pk}/change/", FORM | {"name": "Other"} | version)
    assert Client.objects.get(pk=first.pk).name == "Other"
    assert Client.objects.get(pk=first.pk).secret == first.secret
    admin.post(f"{PAGE}{first.pk}/delete/", {"post": "yes"})
    admin.post(PAGE, {"action": "delete_selected", "_selected_action": second.pk, "post": "yes"})
    assert not Client.objects.exists()
    events = [(line["event"], line.get("client_id")) for line in log.all()]
    for event, client in (("changed", first), ("deleted", first), ("deleted", second)):
        assert (f"application_{event}", client.pk) in events


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"redirect_uris": uri}, "redirect_uris")
        for uri in (
            "",
            "http://album.example.org/callback",
            "https://*.example.org/callback",
            "https://album.example.org/callback#fragment",
            "https://user@album.example.org/callback",
            "https://album.example.org/;script-src",
            "javascript:alert(1)",
            "album:/callback",
            "https://album.example.org",
        )
    ]
    + [
        ({"scopes": ["admin"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"grant_types": ["password"]}, "grant_types"),
        ({"grant_types": ["client_credentials"]}, "owner"),
        ({"grant_types": ["client_credentials"], "type": "public"}, "type"),
    ],
)
def test_a_client_that_cannot_work_or_is_open_to_others_is_rejected(
    admin: Browser, change: dict[str, Any], field: str
) -> None:
    page: Any = admin.post(f"{PAGE}add/", FORM | change)
    assert field in page.context["adminform"].form.errors
    assert not Client.objects.exists()


def test_an_application_acts_as_nobody_with_more_rights(admin: Browser, user: User) -> None:
    form = FORM | {"grant_types": ["client_credentials"], "redirect_uris": ""}
    powerful = UserFactory.create()
    powerful.user_permissions.set(Permission.objects.filter(codename="view_user"))
    for owner in (UserFactory.create(is_staff=True), powerful):
        page: Any = admin.post(f"{PAGE}add/", form | {"owner": owner.pk})
        assert [*page.context["adminform"].form.errors] == ["owner"]
    admin.post(f"{PAGE}add/", form | {"owner": user.pk})
    assert Client.objects.get().owner == user


def test_nobody_edits_tokens() -> None:
    from django.contrib import admin  # noqa: PLC0415  # the fixture has its name

    assert not admin.site.is_registered(Token)
