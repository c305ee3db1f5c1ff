"""Conditional requests (RFC 9110, section 13): optimistic locking, and 304 Not Modified.

The ETag of a resource has two parts: the version of the fields that its owner edits, and a hash of
its whole representation, which changes with a new rating, for example. If-Match compares the version
alone, so a new rating does not prevent an edit. If-None-Match compares both. The ETag of a list is
just a hash.

Proxies that compress a response make its ETag weak, or append a suffix to it (`"3-…-gzip"`). Both
comparisons ignore that.
"""

import hashlib
import re
from http import HTTPStatus

from django.http import HttpResponse
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request

# The version, with no more digits than the largest integer of its column. The hash and a proxy's
# suffix may follow.
VERSION_PATTERN = re.compile(r'(?:W/)?"(0|[1-9][0-9]{0,9})(?:[-;][^"]*)?"')

IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    required=True,
    type=str,
    description="The ETag of the version that you read. If it is not the current one, the status is 412.",
)

ETAG = OpenApiParameter(
    "ETag",
    location=OpenApiParameter.HEADER,
    response=[200, 201],
    type=str,
    description="Identifies this version. Send it in If-Match to change the resource.",
)


class PreconditionRequired(APIException):
    """A change without If-Match (RFC 6585, section 3)."""

    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_code = "precondition_required"
    default_detail = "Send If-Match with the ETag of the version that you read."


def version_etag(version: int, body: bytes) -> str:
    """Return the strong ETag of a version and the body that shows it."""
    return f'"{version}-{_hash(body)}"'


def body_etag(body: bytes) -> str:
    """Return the weak ETag of a body: a proxy may compress it, which changes its bytes."""
    return f'W/"{_hash(body)}"'


def parse_if_match(request: Request) -> set[int] | None:
    """Return the versions that If-Match lists, or None for any version (`*`).

    Raises PreconditionRequired if the header is missing.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired
    if header == "*":
        return None
    matches = map(VERSION_PATTERN.fullmatch, parse_etags(header))
    return {int(match[1]) for match in matches if match}


def matches_if_none_match(request: Request, etag: str) -> bool:
    """Tell whether If-None-Match has this ETag (weak comparison)."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    # Without the closing quote: a proxy inserts its suffix before it.
    prefix = etag.removeprefix("W/")[:-1]
    return tags == ["*"] or any(
        tag.startswith(prefix) and tag[len(prefix)] in '-;"' for tag in tags
    )


def revalidate(request: Request, response: HttpResponse) -> HttpResponse:
    """Return the response, or 304 if the client already has it."""
    if not matches_if_none_match(request, response["ETag"]):
        return response
    unchanged = not_modified(response["ETag"])
    unchanged["Cache-Control"] = response["Cache-Control"]
    return unchanged


def not_modified(etag: str) -> HttpResponse:
    """Return 304 Not Modified, with the ETag that the client has."""
    return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
