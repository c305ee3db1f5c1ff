"""What happens to a request before anything else looks at it."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

FORWARDED_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
STARTED = "request.started"


class TrustedProxyMiddleware:
    """Puts the client's address into REMOTE_ADDR, as seen by the proxies that are trusted.

    Every proxy appends the address that it was called from to X-Forwarded-For, and a client may
    send that header itself. So the address is read from the right: the first one that is no proxy
    of ours is the client. From anybody but a trusted proxy the forwarded headers are dropped.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        remote = request.META.get("REMOTE_ADDR", "")
        if _is_trusted(remote):
            request.META["REMOTE_ADDR"] = _client(request.META.get("HTTP_X_FORWARDED_FOR"), remote)
        else:
            for name in FORWARDED_HEADERS:
                request.META.pop(name, None)
        return self.get_response(request)


class RequestIDMiddleware:
    """Gives each request an id: the caller's X-Request-ID if it is a plain word, else a new one.

    The answer bears it, and so does every line that is logged meanwhile.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = request.META.get("HTTP_X_REQUEST_ID", "")
        if not REQUEST_ID.fullmatch(request_id):
            request_id = request.META["HTTP_X_REQUEST_ID"] = str(uuid.uuid4())
        request.META[STARTED] = perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


@dataclass(frozen=True)
class RateLimit:
    """How many requests a client may make, and how many are left; times are in seconds."""

    name: str
    quota: int
    window: int
    remaining: int
    reset: int

    @staticmethod
    def of(request: Any) -> list["RateLimit"]:
        """Return the limits that a request has met so far, to which more may be added."""
        limits: list[RateLimit] = request.META.setdefault("request.rate_limits", [])
        return limits


class RateLimitMiddleware:
    """Tells the client its limits before it meets them, in RateLimit and RateLimit-Policy.

    Source: draft-ietf-httpapi-ratelimit-headers.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if limits := RateLimit.of(request):
            response["RateLimit-Policy"] = ", ".join(
                f'"{limit.name}";q={limit.quota};w={limit.window}' for limit in limits
            )
            response["RateLimit"] = ", ".join(
                f'"{limit.name}";r={limit.remaining};t={limit.reset}' for limit in limits
            )
        return response


def _is_trusted(address: str) -> bool:
    if not settings.TRUSTED_PROXIES:
        return False
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in settings.TRUSTED_PROXIES)


def _client(forwarded_for: str | None, remote: str) -> str:
    for address in reversed((forwarded_for or "").split(",")):
        candidate = address.strip()
        try:
            ip_address(candidate)
        except ValueError:
            break  # Whatever stands further left cannot be believed either.
        remote = candidate
        if not _is_trusted(candidate):
            break
    return remote
