"""What a browser makes of a generated project: passkeys, the admin's sign-in, cookies and origins."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browsers import Site, fetch

PASSWORD = "swordfish-tea-lamp"  # noqa: S105  # of nobody
AUTH, ME = "/api/v1/auth", "/api/v1/users/me/"
# Users, and the recovery codes of an administrator.
USERS = f"""
from django.utils import timezone
from apps.accounts.services import replace_second_factor
from apps.users.models import User
for name in ("ada", "bo"):
    User.objects.create_user(
        f"{{name}}@example.com", "{PASSWORD}", name=name, email_confirmed_at=timezone.now()
    )
admin = User.objects.create_superuser("admin@example.com", "{PASSWORD}")
print(*replace_second_factor(user=admin)[1])
"""
CREATE = """async ({publicKey}) => (await navigator.credentials.create(
  {publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey)})).toJSON()"""
GET = """async ({publicKey}) => (await navigator.credentials.get(
  {publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey)})).toJSON()"""
# Sends an empty form, as any page can.
FORM = """url => {
  const form = document.createElement("form");
  Object.assign(form, {method: "POST", action: url});
  document.body.append(form);
  form.submit();
}"""
Visit = Callable[[str], Page]


@pytest.fixture(scope="module", autouse=True)
def recovery_codes(site: Site) -> list[str]:
    """Return those of the administrator, once there are users."""
    return site.shell(USERS).split()


class Person:
    """A user in front of a page of the site, whose script calls the API with the cookie."""

    def __init__(self, page: Page, name: str = "ada") -> None:
        self.page, self.name, self.token = page, name, ""

    def call(self, method: str, path: str, body: Any = None) -> list[Any]:
        """Return the status and the body of the response, and keep the CSRF token of a sign-in."""
        headers = {"X-CSRFToken": self.token} if self.token else {}
        status, data = fetch(self.page, method, path, body, headers=headers)
        self.token = (data or {}).get("csrf_token", self.token)
        return [status, data]

    def password(self) -> list[Any]:
        body = {"email": f"{self.name}@example.com", "password": PASSWORD, "use_cookie": True}
        return self.call("POST", f"{AUTH}/token/", body)

    def sign_in(self) -> "Person":
        status, data = self.password()
        assert (status, list(data)) == (200, ["csrf_token"])
        return self

    def sign_out(self) -> None:
        assert self.call("POST", f"{AUTH}/sign-out/")[0] == 204
        assert self.call("GET", ME)[0] == 401

    def use_passkey(self, path: str, begun: dict[str, Any]) -> None:
        """Complete a sign-in with the passkey of this browser."""
        credential = self.page.evaluate(GET, begun["options"])
        body = {"session": begun["session"], "credential": credential, "use_cookie": True}
        assert self.call("POST", f"{AUTH}/{path}/", body)[0] == 200
        assert self.call("GET", ME)[1]["name"] == self.name


@pytest.fixture
def person(site: Site, visit: Visit) -> Person:
    return Person(visit(site.url)).sign_in()


def add_authenticator(page: Page) -> None:
    """Give the browser a device with passkeys, whose user always agrees."""
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    client.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_signs_in_alone_and_as_second_factor(site: Site, visit: Visit) -> None:
    person = Person(visit(site.url), "bo").sign_in()
    add_authenticator(person.page)
    assert person.call("POST", f"{AUTH}/reauthenticate/", {"password": PASSWORD})[0] == 204
    _, begun = person.call("POST", f"{AUTH}/factors/passkeys/options/")
    body = {"name": "Laptop", "credential": person.page.evaluate(CREATE, begun["options"])}
    status, data = person.call("POST", f"{AUTH}/factors/passkeys/", body)
    assert (status, len(data["recovery_codes"])) == (201, 10)
    person.sign_out()

    person.use_passkey("passkey", person.call("POST", f"{AUTH}/passkey/options/")[1])
    person.sign_out()

    status, pending = person.password()
    assert (status, pending["code"]) == (401, "second_factor_required")
    session = {"session": pending["session"]}
    _, begun = person.call("POST", f"{AUTH}/second-factor/passkey/options/", session)
    person.use_passkey("second-factor/passkey", session | begun)


def test_the_admin_lets_nobody_in_without_a_code(
    site: Site, visit: Visit, recovery_codes: list[str]
) -> None:
    page = visit(f"{site.url}/admin/")

    def log_in(code: str) -> str:
        page.fill("[name=username]", "admin@example.com")
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=code]", code)
        page.click("[type=submit]")
        return page.inner_text("body")

    for code in ("", "000000"):
        assert "The code is missing or wrong." in log_in(code)
    assert "Site administration" in log_in(recovery_codes[0])
    # The session of the admin is none of the API.
    assert fetch(page, "GET", ME)[0] == 401


def test_no_script_reads_the_session_cookie_and_no_change_goes_without_a_csrf_token(
    site: Site, person: Person, visit: Visit
) -> None:
    [cookie] = [each for each in person.page.context.cookies() if "session" in each["name"]]
    assert cookie["value"] not in person.page.evaluate("document.cookie")
    assert fetch(person.page, "PATCH", ME, {"name": "Mallory"})[0] == 403
    assert person.call("PATCH", ME, {"name": "Ada L."})[0] == 200
    # After a reload the script has lost its token, and gets another one.
    reloaded = Person(visit(site.url))
    status, data = reloaded.call("GET", f"{AUTH}/session/")
    assert (status, data["user"]["name"]) == (200, "Ada L.")
    assert reloaded.call("PATCH", ME, {"name": "ada"})[0] == 200


# Another port is another origin of the same site: its requests have the cookie, and lack the CSRF
# token. To another site, SameSite sends none, so the request is one that names no token to revoke.
@pytest.mark.parametrize(
    ("host", "reason"), [("localhost", "csrf_failed"), ("127.0.0.1", "#/refresh")]
)
def test_a_page_of_another_origin_reads_and_changes_nothing(
    site: Site, person: Person, visit: Visit, foreign_port: int, host: str, reason: str
) -> None:
    page = visit(f"http://{host}:{foreign_port}/")
    options = {"credentials": "include"}
    me, token = site.url + ME, {"X-CSRFToken": person.token}
    assert fetch(page, "GET", me, **options)[0] == "blocked"
    body = {"name": "Mallory"}
    assert fetch(page, "PATCH", me, body, headers=token, **options)[0] == "blocked"
    # Requests that need no permission in advance arrive, and are rejected: 0 is an opaque response.
    sign_out = f"{site.url}{AUTH}/sign-out/"
    assert fetch(page, "POST", sign_out, mode="no-cors", **options)[0] == 0
    page.evaluate(FORM, sign_out)
    page.wait_for_url(sign_out)
    assert reason in page.content()
    assert person.call("GET", ME)[1]["name"] == "ada"


# A foreign page cannot sign a visitor in with an account of its own, whose data he would then enter.
def test_a_page_of_another_origin_signs_nobody_in(
    site: Site, visit: Visit, foreign_port: int
) -> None:
    page = visit(f"http://localhost:{foreign_port}/")
    body = {"email": "ada@example.com", "password": PASSWORD, "use_cookie": True}
    token = f"{site.url}{AUTH}/token/"
    options: dict[str, Any] = {"credentials": "include", "headers": {"Content-Type": "text/plain"}}
    assert fetch(page, "POST", token, body, credentials="include")[0] == "blocked"
    assert fetch(page, "POST", token, body, mode="no-cors", **options)[0] == 0
    assert page.context.cookies(site.url) == []
