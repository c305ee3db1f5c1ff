"""IP addresses of clients, as servers and proxies write them."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


@lru_cache(maxsize=1000)
def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a server or a proxy names, or None if it is none.

    It may be in quotes and in brackets, and have a port (`203.0.113.7:51234`, `"[2001:db8::1]:443"`)
    and a zone (`fe80::1%eth0`). IPv6 servers see IPv4 callers as `::ffff:203.0.113.7`: that is the
    same address.
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_key(address: str) -> str:
    """Return what identifies a client: its IPv4 address, or the /64 network of its IPv6 address.

    One IPv6 client has at least a /64, and could use another address for each request.
    """
    parsed = parse_address(address) if ":" in address else None
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed), 64), strict=False))
    return str(parsed or address)
