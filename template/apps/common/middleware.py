"""Middleware that runs before any other: client address, request id, malformed requests."""

import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.common.handlers import REJECTED
from apps.common.problems import problem_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]

FORWARDED_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
STARTED = "request.started"
REJECTIONS = {
    HTTPStatus.LENGTH_REQUIRED: ("length_required", "Send the body with a Content-Length."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported_media_type", "Send the body as UTF-8."),
    HTTPStatus.BAD_REQUEST: ("bad_request", "Send no NUL characters."),
}


class TrustedProxyMiddleware:
    """Stores the client's IP address in REMOTE_ADDR, as seen by the trusted proxies.

    Each proxy appends the address of its caller to X-Forwarded-For, and a client may send that
    header itself. So the addresses are read from the right: the first one that is not a trusted
    proxy is the client. If the caller is not a trusted proxy, the forwarded headers are dropped.
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

    The response and all log lines of the request have it.
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


class RejectionMiddleware:
    """Responds to requests that the handlers have marked, and to those with NUL characters.

    No text contains NUL. It reaches places that do not expect it, such as the key of a session,
    and not every database accepts it in a query.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        status = request.META.get(REJECTED)
        if status is None and _has_nul(request):
            status = HTTPStatus.BAD_REQUEST
        if status is None:
            return self.get_response(request)
        code, detail = REJECTIONS[status]
        return problem_response(request, status, code=code, detail=detail)


def _has_nul(request: HttpRequest) -> bool:
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    # `"\000"` in a cookie is one.
    return any("\0" in name + value for name, value in request.COOKIES.items())


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
            break  # Addresses further left cannot be trusted either.
        remote = candidate
        if not _is_trusted(candidate):
            break
    return remote
