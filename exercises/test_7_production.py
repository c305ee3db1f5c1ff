"""A setting without which production does not start"""

import re
from pathlib import Path

import pytest

from config.tests.run import PRODUCTION, load, message_of

NAME = "SUPPORT_EMAIL"
GOOD = PRODUCTION | {NAME: "help@example.org"}


def test_it_is_a_setting() -> None:
    """`settings.SUPPORT_EMAIL` is the value of the variable SUPPORT_EMAIL.

    Read it with `env` in config/settings/own.py, which the template never changes.
    """
    settings = load("config.settings.production", **GOOD)
    assert getattr(settings, NAME, None) == "help@example.org"


def test_local_development_has_a_default() -> None:
    """Without the variable, local development starts, with an address as its default.

    `env(..., default=...)`. A default at example.com reaches nobody.
    """
    settings = load("config.settings.local")
    assert "@" in getattr(settings, NAME, ""), f"there is no {NAME}"


def test_production_names_it_with_all_that_is_missing() -> None:
    """Without it production does not start, and names it in one message with all else that is missing.

    Add a line to REQUIRED in config/production.py: its name, and what it is for.
    """
    environment = {name: value for name, value in PRODUCTION.items() if name != "ALLOWED_HOSTS"}
    environment.pop(NAME, None)
    message = message_of("production", **environment)
    for name in ("ALLOWED_HOSTS", NAME):
        assert f"{name} is missing: " in message, f"the message does not name {name}"


@pytest.mark.parametrize("value", ["m4rker-at-nowhere", "m4rker @example.org", "two@m4rker@x.org"])
def test_an_invalid_value_is_rejected_and_not_shown(value: str) -> None:
    """A value that is no address is rejected, in a message that does not show it.

    Give `env` a `cast`: a function that returns the text, or raises ValueError. A Kind of
    config/variables.py is one. Django's EmailValidator raises ValidationError: make it a ValueError.
    """
    message = message_of("production", **GOOD | {NAME: value})
    assert f"{NAME} is invalid" in message, f"{value!r} is accepted"
    assert "m4rker" not in message, "the message shows the value"


def test_it_may_come_from_a_file(tmp_path: Path) -> None:
    """SUPPORT_EMAIL_FILE names a file with the value, as container platforms give it.

    `env` does this for each variable; `os.environ` does not.
    """
    file = tmp_path / "address"
    file.write_text("help@example.org\n")
    environment = {name: value for name, value in GOOD.items() if name != NAME}
    settings = load("config.settings.production", **environment, **{f"{NAME}_FILE": str(file)})
    assert getattr(settings, NAME, None) == "help@example.org"


def test_the_example_names_it() -> None:
    """.env.example has the variable, with a comment that says that production needs it.

    The colleague who deploys reads this file, and no code. Your own variables are at its end.
    """
    text = Path(".env.example").read_text()
    found = re.search(rf"^(#[^\n]*\n)+{NAME}=", text, re.MULTILINE)
    assert found, f".env.example has no line {NAME}= below a comment"
    assert "equired" in found[0], "the comment does not say that it is required"
