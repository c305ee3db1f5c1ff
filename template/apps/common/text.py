"""Text without control characters, which end a header or a log line, or change what people see.

Bidirectional embeddings, overrides and isolates count as well: they show a text in another order
than programs read it. What scripts and emojis need is allowed, such as the zero-width joiner.
"""

import re
from typing import TypeVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

_BIDI = r"\u202a-\u202e\u2066-\u2069"
_CONTROL = rf"\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI}"

# At least one character: validators do not see an empty text. In the OpenAPI document, a text is either
# empty or matches the pattern, and must not be both.
ONE_LINE = RegexValidator(
    rf"^[^{_CONTROL}]+\Z",
    _("Must be one line, without control characters."),
    "control_characters",
)
MULTILINE = RegexValidator(
    rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}]+\Z",
    _("Must not contain control characters, except line breaks and tabs."),
    "control_characters",
)
Field = TypeVar("Field", bound=models.Field)  # type: ignore[type-arg]  # generic in the stubs only


def one_line(field: Field) -> Field:
    """Let a field reject control characters and line breaks, in forms and in the API.

    The validator is no argument of the field: the column stays the same, and needs no migration.
    """
    field.validators.append(ONE_LINE)
    return field


def multiline(field: Field) -> Field:
    """Let a field reject control characters, as `one_line` does, but not line breaks and tabs."""
    field.validators.append(MULTILINE)
    return field


def to_one_line(text: str) -> str:
    """Return a text with spaces for control characters, for example for the subject of an e-mail."""
    return " ".join(re.sub(f"[{_CONTROL}]", " ", text).split())
