"""Middleware around Django's own: client address, request id, malformed requests, hosts, caches."""

import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address
from time import perf_counter
from typing import Any

import structlog
from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils.cache import patch_vary_headers

from apps.common.addresses import parse_address
from apps.common.handlers import REJECTED
from apps.common.middleware_base import Middleware
from apps.common.problems import problem_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]
# An address; or text: empty for a Unix socket, and otherwise what is no address.
Caller = IPv4Address | IPv6Address | str

logger = structlog.get_logger(__name__)

FORWARDED_PROTO = "HTTP_X_FORWARDED_PROTO"
FORWARDED_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", FORWARDED_PROTO)
# The entry of TRUSTED_PROXIES for callers on a Unix socket. They have no IP address.
UNIX_SOCKET = "unix"
# The number of warnings about callers that a process logs at most.
WARNINGS = 10
PROBE_PATHS = {"/health/live", "/health/ready"}
REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,128}")
# The keys in META that hold the time at which the request arrived, and who called this process.
STARTED = "request.started"
CALLER = "request.caller"
# The code and the detail for each status of a rejection.
REJECTIONS = {
    HTTPStatus.LENGTH_REQUIRED: ("length_required", "Send the body with a Content-Length."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body_too_large", "The body is too large."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported_media_type", "Send the body as UTF-8."),
    HTTPStatus.BAD_REQUEST: ("bad_request", "Neither the URL nor a cookie may contain NUL."),
}
HINTS = {
    "forwarded_headers_dropped": "If the caller is your proxy, add it to TRUSTED_PROXIES.",
    "forwarded_proto_missing": "If the caller is your proxy, let it send X-Forwarded-Proto.",
}


class TrustedProxyMiddleware(Middleware):
    """Stores the client's IP address in REMOTE_ADDR, as seen by the trusted proxies.

    Each proxy appends the address of its caller to X-Forwarded-For, and a client may send that
    header itself. So the addresses are read from the right: the first one that is not a trusted
    proxy is the client. If the caller is not a trusted proxy, the forwarded headers are dropped.

    Without them, every request is redirected to HTTPS, endlessly, and all clients share the proxy's
    rate limit. So a warning tells which headers a caller's request lacks, once for each caller.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.warnings: set[tuple[str, str]] = set()

    def process_request(self, request: HttpRequest) -> None:
        meta = request.META
        caller = client = _parse(meta.get("REMOTE_ADDR") or "")
        if _is_trusted(caller):
            client = _find_client(meta.get("HTTP_X_FORWARDED_FOR", ""), caller)
        elif dropped := [name for name in FORWARDED_HEADERS if meta.pop(name, None)]:
            self.warn("forwarded_headers_dropped", str(caller), dropped)
        meta["REMOTE_ADDR"] = str(client)
        meta[CALLER] = str(caller)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        meta = request.META
        is_redirected = response.status_code == HTTPStatus.MOVED_PERMANENTLY
        if is_redirected and settings.SECURE_SSL_REDIRECT and FORWARDED_PROTO not in meta:
            self.warn("forwarded_proto_missing", meta[CALLER], [FORWARDED_PROTO])
        return response

    def warn(self, event: str, caller: str, names: list[str]) -> None:
        """Log a caller and the headers that its request lacks, the first time that it happens."""
        if (event, caller) not in self.warnings and len(self.warnings) < WARNINGS:
            self.warnings.add((event, caller))
            headers = [name.removeprefix("HTTP_").replace("_", "-").title() for name in names]
            logger.warning(event, caller=caller or UNIX_SOCKET, headers=headers, hint=HINTS[event])


class RequestIDMiddleware(Middleware):
    """Gives each request an id: the client's X-Request-ID if it is valid, else a new UUID.

    The response carries it, and AccessLogMiddleware binds it to all log lines of the request.
    """

    def process_request(self, request: HttpRequest) -> None:
        request_id = request.META.get("HTTP_X_REQUEST_ID", "")
        if not REQUEST_ID_PATTERN.fullmatch(request_id):
            request.META["HTTP_X_REQUEST_ID"] = str(uuid.uuid4())
        # AccessLogMiddleware, which comes later, logs the duration.
        request.META[STARTED] = perf_counter()

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        response["X-Request-ID"] = request.META["HTTP_X_REQUEST_ID"]
        return response


class RejectionMiddleware(Middleware):
    """Rejects requests that `apps.common.handlers` has marked, and those with NUL characters.

    No URL or cookie of ours contains NUL. A NUL would reach code that does not expect it, such as the
    lookup of a session, and not every database accepts it in a query.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        status = request.META.get(REJECTED)
        if status is None and _has_nul(request):
            status = HTTPStatus.BAD_REQUEST
        if status is None:
            return None
        code, detail = REJECTIONS[status]
        return problem_response(request, status, code=code, detail=detail)


class HostMiddleware(CommonMiddleware, Middleware):
    """Django's CommonMiddleware, which rejects unknown hosts, except in requests of probes.

    Load balancers and Kubernetes send the IP address of a process as the host, which no
    configuration can know. The health endpoints do not use the host.
    """

    def process_request(self, request: HttpRequest) -> Any:
        if request.path_info.rstrip("/") in PROBE_PATHS:
            return None
        return super().process_request(request)


class CacheControlMiddleware(Middleware):
    """Forbids browsers and proxies to store what may be personal, unless the view decides otherwise.

    This is every response of the API, and every other response to a request with credentials.
    """

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        has_credentials = request.META.get("HTTP_AUTHORIZATION") or request.META.get("HTTP_COOKIE")
        if has_credentials or request.path_info.startswith("/api/"):
            response.setdefault("Cache-Control", "no-store")
        return response


class OriginMiddleware(CorsMiddleware):
    """django-cors-headers, which would parse all headers to see that a request has no Origin."""

    def add_response_headers(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "HTTP_ORIGIN" in request.META:
            return super().add_response_headers(request, response)
        if self.is_enabled(request):
            patch_vary_headers(response, ["origin"])
        return response


def _has_nul(request: HttpRequest) -> bool:
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    # Python decodes `"\000"` in a cookie to NUL.
    return any("\0" in name + value for name, value in request.COOKIES.items())


def _parse(text: str) -> Caller:
    """Return an address, an empty text for a Unix socket, or another text as it is."""
    text = text.strip()
    return "" if text.partition(":")[0] == UNIX_SOCKET else parse_address(text) or text


def _is_trusted(caller: Caller) -> bool:
    proxies = settings.TRUSTED_PROXIES
    if isinstance(caller, str):
        return not caller and UNIX_SOCKET in proxies
    return any(caller in proxy for proxy in proxies if proxy != UNIX_SOCKET)


def _find_client(forwarded_for: str, caller: Caller) -> Caller:
    # Empty elements of a list do not count (RFC 9110, section 5.6.1).
    for text in filter(str.strip, reversed(forwarded_for.split(","))):
        candidate = _parse(text)
        if not _is_trusted(candidate):
            # Nobody has verified what is further left, or an element that is no address.
            return caller if isinstance(candidate, str) else candidate
        caller = candidate
    return caller
