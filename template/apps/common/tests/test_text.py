from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import CharField

from apps.common.text import MULTILINE, ONE_LINE, multiline, one_line, to_one_line

LINE_BREAKS = ["\n", "\r", "\t", "\u2028", "\u2029"]
CONTROL = ["\0", "\x0b", "\x0c", "\x1b", "\x1c", "\x7f", "\x85", "\x9b", "\u202e", "\u2066"]
# An emoji of three people, a Persian word, right-to-left marks, a no-break space, and a flag.
ALLOWED = [
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u200f\u200e\u061c",
    "caf\u00e9\u00a0au lait \u2014 \u1230\u120b\u121d",
    "\U0001f1ea\U0001f1f9\ufe0f",
]


@pytest.mark.parametrize("character", LINE_BREAKS + CONTROL)
def test_one_line_rejects_line_breaks_and_control_characters(character: str) -> None:
    for text in (character, f"Loft{character}by the lake", f"Loft{character}"):
        with pytest.raises(ValidationError):
            ONE_LINE(text)
        assert to_one_line(text) in {"", "Loft by the lake", "Loft"}


@pytest.mark.parametrize("character", CONTROL)
def test_multiline_rejects_control_characters(character: str) -> None:
    with pytest.raises(ValidationError):
        MULTILINE(f"Quiet.\n{character}")


@pytest.mark.parametrize("character", LINE_BREAKS)
def test_multiline_allows_line_breaks_and_tabs(character: str) -> None:
    MULTILINE(f"Quiet.{character}With a garden.")


@pytest.mark.parametrize(("limit", "text"), [(one_line, "a\nb"), (multiline, "a\0b")])
def test_a_limited_field_rejects_control_characters(limit: Any, text: str) -> None:
    with pytest.raises(ValidationError):
        limit(CharField(max_length=10)).clean(text, None)


@pytest.mark.parametrize("text", ALLOWED)
def test_marks_that_a_script_needs_are_allowed(text: str) -> None:
    ONE_LINE(text)
    MULTILINE(text)
    assert to_one_line(text) == " ".join(text.split())
