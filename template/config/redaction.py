"""Masks secrets: passwords, tokens, links with tokens, and rows of the database.

This applies to every log line, and to the traceback of an exception that ends a command or
prevents the start.
"""

import re
import sys
import traceback
from functools import lru_cache
from types import TracebackType
from typing import Any

HIDDEN = "***"
_NAME = r"(?:passw(?:or)?d\d?|secret(?:_key)?|api_?key|token|authorization|cookie)"
# Up to the end of an exception's text. A traceback may contain several exceptions.
_END = r".*?(?=\n\n(?:The above exception was|During handling of)|\Z)"

# The first group stays; the rest of the match is masked.
PATTERNS = [
    # Databases repeat the row or the statement that they reject, with all its values ...
    re.compile(
        rf"(\b(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):|Failing row contains){_END}", re.DOTALL
    ),
    # ... or only the value.
    re.compile(
        r'(\b(?:invalid input|malformed|out of range)[^"\n]{0,60}: )'
        r'"(?:.{0,2000}?"(?=\n|\Z)|[^\n]*)',
        re.DOTALL,
    ),
    re.compile(r'(\bvalue )"[^"]*"(?= is )'),
    re.compile(
        r"(\b(?:Duplicate entry|[Ii]ncorrect [\w ]{1,40}:|near|range in) )"
        r"\\?'(?:.{0,2000}?'(?= for | at line|[\"']?\)|\n|\Z)|[^\n]*)",
        re.DOTALL,
    ),
    # Libraries repeat the body of a message that they cannot decode.
    re.compile(rf"(\bmessage body(?: was)?:){_END}", re.DOTALL),
    # The query string of a URL: links in mails carry tokens there.
    re.compile(r"((?<=[^\s?#])[?#])[\w.~%+-]{1,80}=[^\s\"'<>]*"),
    # User and password in a URL, up to the last @ that can end them. The examples in our own
    # messages stay.
    re.compile(r"(://)(?!(?:user)?:password@[a-z]+:\d+)[^\s\"<>]{1,500}(?=@)"),
    # JSON Web Tokens, Django's tokens in links, and the credentials of an Authorization header.
    re.compile(r"((?<![\w-]))eyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"(\b)[0-9a-z]{4,13}-[0-9a-f]{32,64}\b"),
    re.compile(r"(\b(?:Bearer|Basic|Api-Key) )[\w.~+/-]{12,}=*", re.IGNORECASE),
    # password=..., "token": "..."
    re.compile(
        rf"({_NAME}[\"']?\s?[:=]\s?)(?:b?\"[^\"]*\"|b?'[^']*'|[^\s\"',;&)]+)", re.IGNORECASE
    ),
]
# Cheaper than the patterns: most texts do not match it, and then none of the patterns does. The time
# of day does not match.
_HINT = re.compile(
    r"[=\"'@]|(?<!\d\d):|:(?!\d)|eyJ|-[0-9a-f]{32}|(?i:bearer|basic|api-key) |row contains"
)

# The characters that apps.common.text rejects: what is logged may come from elsewhere.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return a text with its secrets masked."""
    if not _HINT.search(text):
        return text
    for pattern in PATTERNS:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


def redact(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask the secrets in a log line. This is a processor of structlog, before the renderer."""
    return {name: _clean(name, value) for name, value in event.items()}


def escape_control(_logger: Any, _method: str, line: str) -> str:
    """Escape what would begin another line or control a terminal. A processor of structlog, last."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], line)


def print_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print an exception as Python does, with its secrets masked. This is a `sys.excepthook`."""
    text = "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(f"{clean(text).rstrip()}\n")


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return bool(re.search(rf"{_NAME}\Z", name, re.IGNORECASE))


def _clean(name: str, value: Any) -> Any:
    if _is_secret(name):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item) for item in value]
    return clean(str(value))
