"""Users see with which providers they sign in, and remove them."""

import time
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core import mail
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.tests.conftest import AUTH, Person
from apps.accounts.tests.passkeys import Device
from apps.common.tests.lines import LogLines
from apps.social_sign_in import adapters
from apps.social_sign_in.tests.conftest import Visitor
from apps.social_sign_in.tests.providers import link_of
from apps.social_sign_in.tests.test_sign_in import problem_of
from apps.users.models import User
from apps.users.tests.factories import UserFactory, staff_with
from apps.users.tests.race import statuses_of

LINKS = f"{AUTH}/links/"


@pytest.fixture
def newcomer(visitor: Visitor) -> Person:
    """Return a user who has nothing but an account with a provider, and has just signed in."""
    response = visitor.sign_in()
    person = Person(visitor.api, User.objects.get())
    person.keep(response)
    return person


def remove(person: Person, link: SocialAccount | None = None) -> Any:
    link = link or SocialAccount.objects.get()
    return person.api.delete(f"{LINKS}{link.pk}/")


def test_links_are_listed_for_their_owner(person: Person) -> None:
    link_of(UserFactory.create(), uid="2")
    link = link_of(person.user)
    [listed] = person.api.get(LINKS).json()
    assert (listed.pop("id"), listed.pop("provider")) == (link.pk, "github")
    assert listed.keys() == {"created_at", "last_used_at"}


def test_a_link_is_removed_and_the_owner_gets_a_mail(person: Person, log: LogLines) -> None:
    link_of(person.user)
    person.confirm()
    assert remove(person).status_code == 204
    assert not SocialAccount.objects.exists()
    subject = f"{settings.PROJECT['name']}: A way to sign in was removed"
    assert [(each.subject, each.to) for each in mail.outbox] == [(subject, [person.user.email])]
    [line] = [line for line in log.all() if line["event"] == "provider_unlinked"]
    assert (line["user_id"], line["provider"]) == (person.user.pk, "github")


def test_a_removal_needs_a_confirmation(person: Person) -> None:
    link_of(person.user)
    assert problem_of(remove(person)) == (403, "reauthentication_required")


def test_others_links_are_not_removed(person: Person) -> None:
    person.confirm()
    assert remove(person, link_of(UserFactory.create())).status_code == 404
    assert SocialAccount.objects.exists()


def add_passkey(person: Person) -> Any:
    """Add a passkey, without a password to confirm before."""
    begun = person.post("factors/passkeys/options/")
    if begun.status_code != 200:
        return begun
    credential = Device().create(begun.json()["options"])
    return person.post("factors/passkeys/", {"name": "Laptop", "credential": credential})


def test_the_only_way_to_sign_in_is_not_removed(newcomer: Person) -> None:
    assert problem_of(remove(newcomer)) == (409, "only_way_to_sign_in")
    other = link_of(newcomer.user)
    assert remove(newcomer, other).status_code == 204
    assert SocialAccount.objects.exists()


def test_a_passkey_is_another_way_to_sign_in(newcomer: Person) -> None:
    assert add_passkey(newcomer).status_code == 201
    assert remove(newcomer).status_code == 204


@pytest.mark.parametrize("minutes", [0, 6])
def test_a_new_sign_in_confirms_for_users_without_a_password(
    newcomer: Person, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    now = time.time() + minutes * 60
    monkeypatch.setattr(adapters, "time", Mock(time=lambda: now))
    responses = [remove(newcomer, link_of(newcomer.user)), add_passkey(newcomer)]
    expected = [403, 403] if minutes else [204, 201]
    assert [response.status_code for response in responses] == expected


def test_a_new_sign_in_confirms_nothing_for_users_with_a_password(visitor: Visitor) -> None:
    person = Person(visitor.api, UserFactory.create(email="ada@example.com"))
    person.keep(visitor.sign_in())
    assert problem_of(remove(person)) == (403, "reauthentication_required")
    person.confirm()
    assert remove(person).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_of_two_links_that_are_removed_at_once_one_stays(newcomer: Person) -> None:
    links = [SocialAccount.objects.get(), link_of(newcomer.user)]
    headers = {"Authorization": f"Bearer {newcomer.pair['access']}"}
    requests = [partial(APIClient(headers=headers).delete, f"{LINKS}{link.pk}/") for link in links]
    assert statuses_of(requests) == [204, 409]


@pytest.mark.parametrize("is_superuser", [True, False])
def test_support_removes_a_link_but_none_of_users_with_more_rights(
    user: User, client: Client, *, is_superuser: bool
) -> None:
    link = link_of(user)
    User.objects.update(is_superuser=is_superuser)
    client.force_login(staff_with("view_socialaccount", "delete_socialaccount"))
    page = "/admin/socialaccount/socialaccount/"
    assert client.get(f"{page}?q=user").status_code == 200
    assert client.get(f"{page}{link.pk}/change/").status_code == 200
    assert client.get(f"{page}add/").status_code == 403
    assert client.post(f"{page}{link.pk}/change/", {}).status_code == 403
    answer = client.post(f"{page}{link.pk}/delete/", {"post": "yes"})
    assert answer.status_code == (403 if is_superuser else 302)
    assert SocialAccount.objects.exists() == is_superuser


@pytest.mark.parametrize("model", ["socialapp", "socialtoken"])
def test_the_admin_configures_no_provider(client: Client, db: None, model: str) -> None:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    assert client.get(f"/admin/socialaccount/{model}/").status_code == 404
