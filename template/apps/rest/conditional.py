"""Conditional requests (RFC 9110, section 13): no lost updates, and no body that is known already.

The ETag of a row begins with the version of what its owner edits, and a hash of all that is shown
follows: what else is shown changes it as well. Whoever sends a change names the version, so that a
new rating does not stand in the way. Proxies that compress an answer change its ETag: they make it
weak, or add a word at its end (`"3-…-gzip"`). Neither makes it another version.
"""

import hashlib
import re
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from apps.rest.encoding import dump

# As many digits as the largest version has. The hash follows, and what a proxy adds.
VERSION = re.compile(r'(?:W/)?"(0|[1-9][0-9]{0,9})(?:[-;][^"]*)?"')

IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    required=True,
    type=str,
    description="The ETag of what you have read. 412 when somebody has changed it meanwhile.",
)


ETAG = OpenApiParameter(
    "ETag",
    location=OpenApiParameter.HEADER,
    response=[200, 201],
    type=str,
    description="The version, to be sent as If-Match with a change.",
)


class PreconditionFailed(APIException):
    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = "Somebody has changed it meanwhile: read it again, then decide."


class PreconditionRequired(APIException):
    """RFC 6585, section 3."""

    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_code = "precondition_required"
    default_detail = "Send the ETag of what you have read as If-Match."


def version_etag(version: int, shown: Any) -> str:
    """Return the strong ETag of a row in a version, and of what is shown of it."""
    return f'"{version}-{_hash(dump(shown))}"'


def body_etag(body: bytes) -> str:
    """Return the weak ETag of an answer: a proxy may still compress it."""
    return f'W/"{_hash(body)}"'


def parse_if_match(request: Request) -> set[int] | None:
    """Return the versions that the client will change, or None for any that there is (`*`).

    Raises PreconditionRequired when it does not say.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired
    if header == "*":
        return None
    found = map(VERSION.fullmatch, parse_etags(header))
    return {int(match[1]) for match in found if match}


def matches_if_none_match(request: Request, etag: str) -> bool:
    """Tell whether the client has this version already (If-None-Match, weak comparison)."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    # Without the quote at its end, before which a proxy may have added something.
    begin = etag.removeprefix("W/")[:-1]
    return tags == ["*"] or any(tag.startswith(begin) and tag[len(begin)] in '-;"' for tag in tags)


def unless_known(request: Request, response: Response) -> HttpResponse:
    """Return the answer, or one without a body to those who have it."""
    if not matches_if_none_match(request, response["ETag"]):
        return response
    known = not_modified(response["ETag"])
    known["Cache-Control"] = response["Cache-Control"]
    return known


def not_modified(etag: str) -> HttpResponse:
    """Return an answer without a body."""
    return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
