"""Origins of pages, as browsers write them in the header Origin: another spelling matches nothing."""

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

# In lower case, without a path, a slash at the end or a user.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]*)?")
DEFAULT_PORTS = {"http": 80, "https": 443}


def origin(text: str) -> str:
    """Return the origin. Raises ValueError for one that no browser sends."""
    parts = urlsplit(text)
    is_default = parts.port is not None and parts.port == DEFAULT_PORTS.get(parts.scheme)
    host = parts.hostname or ""
    is_short = ":" not in host or IPv6Address(host).compressed == host
    if not ORIGIN.fullmatch(text) or is_default or not is_short:
        raise ValueError("No browser sends such an origin.")
    return text


def origins(text: str) -> str:
    """Return an origin, or those of all subdomains, as `https://*.example.com`. Raises ValueError."""
    origin(text.replace("://*.", "://", 1))
    return text
