import pytest

from apps.accounts.tests.conftest import person  # noqa: F401  # a fixture
from apps.oauth2 import keys
from apps.oauth2.tests.applications import Application, Browser, signed_in
from apps.users.models import User

# Tests that ask for keys get this one: to generate one takes longer than most tests.
KEY = keys.generate()


@pytest.fixture(autouse=True)
def _one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "generate", lambda: KEY)


@pytest.fixture
def browser(user: User) -> Browser:
    """Return a browser in which `user` is signed in."""
    return signed_in(user)


@pytest.fixture
def application(db: None) -> Application:
    return Application()


@pytest.fixture
def client(db: None) -> Browser:
    """Return a browser in which nobody is signed in."""
    return Browser()
