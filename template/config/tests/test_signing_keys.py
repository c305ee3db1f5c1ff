from pathlib import Path

import pytest

from config.tests.run import PRODUCTION, load, message_of

KEY = PRODUCTION["JWT_SIGNING_KEYS"]
OTHER = KEY[::-1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "is missing: 43 random characters"),
        ("local-only-public-key-for-development-00000", "is still a placeholder"),
        ("ab" * 21 + "c", "repeats a few characters"),
        (f"{KEY},{'ab' * 21}c", "repeats a few characters"),
        (KEY[:-1], "is invalid: it must be keys of 43 random letters"),
        (f"{KEY}=", "is invalid"),
        (f"{KEY}{OTHER}", "is invalid"),
        (f"{KEY},{OTHER[:-1]}", "is invalid"),
        (f"{KEY[:-1]}é", "is invalid"),
        # No number of the curve: 0, and one above its order.
        ("A" * 43, "is invalid"),
        ("_" * 43, "is invalid"),
        ("-----BEGIN PRIVATE KEY-----", "is invalid"),
    ],
)
def test_production_rejects_a_weak_or_malformed_key_without_showing_it(
    value: str, expected: str
) -> None:
    message = message_of("production", **PRODUCTION | {"JWT_SIGNING_KEYS": value})
    assert len(message.splitlines()) == 2
    assert f"JWT_SIGNING_KEYS {expected}" in message
    assert KEY[:10] not in message
    assert "abab" not in message


@pytest.mark.parametrize("between", [",", " ", "\n", ", \r\n"])
def test_several_keys_come_from_a_file(tmp_path: Path, between: str) -> None:
    (tmp_path / "keys").write_text(f"{KEY}{between}{OTHER}\n")
    variables = {"JWT_SIGNING_KEYS": "", "JWT_SIGNING_KEYS_FILE": str(tmp_path / "keys")}
    settings = load("config.settings.production", **PRODUCTION | variables)
    assert settings.JWT_SIGNING_KEYS == [KEY, OTHER]


def test_development_needs_no_key() -> None:
    assert len(load("config.settings.base").JWT_SIGNING_KEYS) == 1
