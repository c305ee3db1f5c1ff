"""Conditional requests (RFC 9110, section 13): no lost updates, and no body that is known already."""

import hashlib
from http import HTTPStatus

from django.http import HttpResponse
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request

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


def etag_of_version(version: int) -> str:
    """Return the strong ETag of a row in a version."""
    return f'"{version}"'


def etag_of_body(body: bytes) -> str:
    """Return the weak ETag of an answer: a proxy may still compress it."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def expected_versions(request: Request) -> set[int] | None:
    """Return the versions that the client will change, or None for any that there is (`*`).

    Raises PreconditionRequired when it does not say.
    """
    tags = parse_etags(request.headers.get("If-Match", ""))
    if not tags:
        raise PreconditionRequired
    if tags == ["*"]:
        return None
    # A weak tag never matches here (RFC 9110, section 13.1.1).
    return {int(tag[1:-1]) for tag in tags if tag[0] == '"' and tag[1:-1].isdecimal()}


def is_known(request: Request, etag: str) -> bool:
    """Tell whether the client has this version already (If-None-Match, weak comparison)."""
    tags = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in tags or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}


def not_modified(etag: str) -> HttpResponse:
    """Return an answer without a body."""
    return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
