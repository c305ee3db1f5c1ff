"""What no line may show: passwords, tokens, links that carry one, rows of the database.

Applied to every line of the log, and to what Python prints when a command or the start fails.
"""

import re
import sys
import traceback
from functools import lru_cache
from types import TracebackType
from typing import Any

HIDDEN = "***"
_NAME = r"(?:passw(?:or)?d\d?|secret(?:_key)?|api_?key|token|authorization|cookie)"
# Up to the end of an exception's text, which may be one of several in a traceback.
_END = r".*?(?=\n\n(?:The above exception was|During handling of)|\Z)"

# The first group stays; what follows it in the pattern is hidden.
PATTERNS = [
    # Databases repeat the row or the statement that they refuse, with all its values ...
    re.compile(
        rf"(\b(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):|Failing row contains){_END}", re.DOTALL
    ),
    # ... or the one value.
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
    # Libraries repeat the message that they cannot read.
    re.compile(rf"(\bmessage body(?: was)?:){_END}", re.DOTALL),
    # The query of an address: links in mails carry tokens there.
    re.compile(r"((?<=[^\s?#])[?#])[\w.~%+-]{1,80}=[^\s\"'<>]*"),
    # User and password in a URL, up to the last @ that may end them; not in our own examples.
    re.compile(r"(://)(?!(?:user)?:password@[a-z]+:\d+)[^\s\"<>]{1,500}(?=@)"),
    # JSON Web Tokens, those that Django puts into links, and headers that prove who asks.
    re.compile(r"((?<![\w-]))eyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"(\b)[0-9a-z]{4,13}-[0-9a-f]{32,64}\b"),
    re.compile(r"(\b(?:Bearer|Basic) )[\w.~+/-]{12,}=*", re.IGNORECASE),
    # password=..., "token": "..."
    re.compile(
        rf"({_NAME}[\"']?\s?[:=]\s?)(?:b?\"[^\"]*\"|b?'[^']*'|[^\s\"',;&)]+)", re.IGNORECASE
    ),
]
# What every text has that one of them may fit: most texts of a line have not.
_HINT = re.compile(r"[=\"'@]|:(?!\d)|eyJ|-[0-9a-f]{32}|earer |asic ")


def clean(text: str) -> str:
    """Return a text with every secret in it hidden."""
    if not _HINT.search(text):
        return text
    for pattern in PATTERNS:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


def redact(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Hide the secrets in a line: a processor of structlog, right before the renderer."""
    return {name: _clean(name, value) for name, value in event.items()}


def print_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print an exception as Python does, without secrets: a `sys.excepthook`."""
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
