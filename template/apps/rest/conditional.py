"""Conditional requests (RFC 9110, section 13): optimistic locking, and 304 Not Modified.

The ETag of a resource is the version of what its owner edits, followed by a hash of its
representation, which shows more than that. A change has to match the version alone: a new rating
does not prevent it. Proxies that compress a response change its ETag: they make it weak, or append
a suffix (`"3-…-gzip"`). The version stays the same.
"""

import hashlib
import re
from http import HTTPStatus

from django.http import HttpResponse
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request

# At most as many digits as the largest version has, then the hash and a proxy's suffix.
VERSION = re.compile(r'(?:W/)?"(0|[1-9][0-9]{0,9})(?:[-;][^"]*)?"')

IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    required=True,
    type=str,
    description="The ETag of the version you read. 412 if the resource has changed since.",
)

ETAG = OpenApiParameter(
    "ETag",
    location=OpenApiParameter.HEADER,
    response=[200, 201],
    type=str,
    description="The version. Send it in If-Match with a change.",
)


class PreconditionRequired(APIException):
    """RFC 6585, section 3."""

    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_code = "precondition_required"
    default_detail = "Send the ETag of the version you read in If-Match."


def version_etag(version: int, body: bytes) -> str:
    """Return the strong ETag of a version and the body that shows it."""
    return f'"{version}-{_hash(body)}"'


def body_etag(body: bytes) -> str:
    """Return the weak ETag of a body, as a proxy may still compress it."""
    return f'W/"{_hash(body)}"'


def parse_if_match(request: Request) -> set[int] | None:
    """Return the versions that the client may change, or None for the current one, whichever (`*`).

    Raises PreconditionRequired without the header.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired
    if header == "*":
        return None
    matches = map(VERSION.fullmatch, parse_etags(header))
    return {int(match[1]) for match in matches if match}


def matches_if_none_match(request: Request, etag: str) -> bool:
    """Tell whether If-None-Match has this ETag (weak comparison)."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    # Without the final quote: a proxy's suffix stands before it.
    prefix = etag.removeprefix("W/")[:-1]
    return tags == ["*"] or any(
        tag.startswith(prefix) and tag[len(prefix)] in '-;"' for tag in tags
    )


def revalidate(request: Request, response: HttpResponse) -> HttpResponse:
    """Return the response, or 304 Not Modified to a client that has it."""
    if not matches_if_none_match(request, response["ETag"]):
        return response
    known = not_modified(response["ETag"])
    known["Cache-Control"] = response["Cache-Control"]
    return known


def not_modified(etag: str) -> HttpResponse:
    """Return a 304 response."""
    return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
