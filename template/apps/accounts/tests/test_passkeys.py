from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from apps.accounts.tests.conftest import AUTH, Person, claims
from apps.accounts.tests.passkeys import Device
from apps.users.models import User
from apps.users.tests.factories import UserFactory


def add(person: Person, device: Device) -> Any:
    """Return the response to adding the passkey of a device."""
    person.confirm()
    options = person.post("factors/passkeys/options/").json()["options"]
    body = {"name": "Laptop", "credential": device.create(options)}
    return person.post("factors/passkeys/", body)


def begin(person: Person) -> dict[str, Any]:
    """Begin to sign in with a passkey alone."""
    person.api.credentials()
    begun: dict[str, Any] = person.post("passkey/options/").json()
    return begun


def finish(person: Person, device: Device, begun: dict[str, Any], path: str = "passkey/") -> Any:
    body = {"session": begun["session"], "credential": device.get(begun["options"])}
    return person.post(path, body)


@pytest.fixture
def device(person: Person) -> Device:
    """Return a device with a passkey of the person."""
    device = Device()
    assert add(person, device).status_code == 201
    return device


def test_the_first_factor_comes_with_recovery_codes(person: Person) -> None:
    assert len(add(person, Device()).json()["recovery_codes"]) == 10
    assert add(person, Device()).json()["recovery_codes"] == []
    listed = person.api.get(f"{AUTH}/factors/").json()
    assert [each["type"] for each in listed] == ["webauthn", "recovery_codes", "webauthn"]
    assert listed[0]["name"] == "Laptop"


def test_a_passkey_signs_in_alone(person: Person, device: Device) -> None:
    person.keep(finish(person, device, begin(person)))
    assert person.api.get("/api/v1/users/me/").json()["email"] == person.user.email
    assert claims(person.pair)["amr"] == ["mfa", "pop"]


def test_a_passkey_is_the_second_factor_of_a_password(person: Person, device: Device) -> None:
    session = person.password().json()["session"]
    options = person.post("second-factor/passkey/options/", {"session": session}).json()["options"]
    begun = {"session": session, "options": options}
    person.keep(finish(person, device, begun, "second-factor/passkey/"))
    assert claims(person.pair)["amr"] == ["mfa", "pop", "pwd"]


def test_a_passkey_of_another_site_is_rejected(person: Person, device: Device) -> None:
    device.origin = "https://phishing.example"
    response = finish(person, device, begin(person))
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "incorrect_code"


def test_a_credential_cannot_be_sent_again(person: Person, device: Device) -> None:
    begun = begin(person)
    assert [finish(person, device, begun).status_code for _ in range(2)] == [200, 401]


@pytest.mark.parametrize("has_its_id", [False, True])
def test_another_device_does_not_sign_in(
    person: Person, device: Device, *, has_its_id: bool
) -> None:
    other = Device()
    other.id, other.user = device.id if has_its_id else other.id, device.user
    assert finish(person, other, begin(person)).status_code == 400


@pytest.mark.parametrize(
    "credential", [{}, {"id": "x"}, {"response": 1}, {"response": {"userHandle": "!"}}]
)
def test_nonsense_is_rejected(person: Person, credential: dict[str, Any]) -> None:
    body = {"session": begin(person)["session"], "credential": credential}
    assert person.post("passkey/", body).status_code == 400
    person.sign_in().confirm()
    person.post("factors/passkeys/options/")
    body = {"name": "Laptop", "credential": credential}
    assert person.post("factors/passkeys/", body).status_code == 400


@pytest.mark.parametrize("damage", ["", "AAAA", "!", "é", None, 1, {}])
@pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
def test_a_damaged_credential_does_not_sign_in(
    person: Person, device: Device, name: str, damage: Any
) -> None:
    begun = begin(person)
    credential = device.get(begun["options"])
    credential["response"][name] = damage
    body = {"session": begun["session"], "credential": credential}
    assert person.post("passkey/", body).status_code == 400


@pytest.mark.parametrize("damage", ["", "AAAA", "!", "é", None, 1, {}])
@pytest.mark.parametrize("name", ["clientDataJSON", "attestationObject"])
def test_a_damaged_credential_is_not_added(person: Person, name: str, damage: Any) -> None:
    person.confirm()
    credential = Device().create(person.post("factors/passkeys/options/").json()["options"])
    credential["response"][name] = damage
    body = {"name": "Laptop", "credential": credential}
    assert person.post("factors/passkeys/", body).status_code == 400
    assert person.api.get(f"{AUTH}/factors/").json() == []


@pytest.mark.parametrize("change", [{"is_active": False}, {"email_confirmed_at": None}])
def test_a_closed_or_unconfirmed_account_is_rejected(
    person: Person, device: Device, change: dict[str, Any]
) -> None:
    User.objects.filter(pk=person.user.pk).update(**change)
    response = finish(person, device, begin(person))
    assert (response.status_code, response.json()["code"]) == (401, "no_active_account")


def test_a_passkey_can_be_removed(person: Person, device: Device) -> None:
    number = person.api.get(f"{AUTH}/factors/").json()[0]["id"]
    assert person.api.delete(f"{AUTH}/factors/passkeys/{number}/").status_code == 204
    assert person.api.get(f"{AUTH}/factors/").json() == []
    assert finish(person, device, begin(person)).status_code == 400


def test_others_cannot_remove_it(person: Person, device: Device) -> None:
    number = person.api.get(f"{AUTH}/factors/").json()[0]["id"]
    other = Person(APIClient(), UserFactory.create()).sign_in()
    other.confirm()
    assert other.api.delete(f"{AUTH}/factors/passkeys/{number}/").status_code == 404


def test_passkeys_are_for_the_host_of_the_front_end(person: Person) -> None:
    person.confirm()
    public = person.post("factors/passkeys/options/").json()["options"]["publicKey"]
    assert public["rp"] == {"id": "localhost", "name": settings.PROJECT["name"]}
    assert public["authenticatorSelection"]["residentKey"] == "required"
    assert public["authenticatorSelection"]["userVerification"] == "required"
