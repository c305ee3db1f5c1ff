"""Errors as problem details (RFC 9457): one shape for everything that goes wrong."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any
from urllib.parse import quote

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.encoding import escape_uri_path
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler as drf_exception_handler

from apps.common.errors import Conflict, DomainError, VersionMismatch

logger = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
# Limits of a response, because a client's data determine how many errors there are, and messages
# quote it.
MAX_ERRORS = 100
MAX_TEXT = 500

# The status of a kind of domain error, and of its subclasses.
STATUSES = {
    Conflict: HTTPStatus.CONFLICT,
    VersionMismatch: HTTPStatus.PRECONDITION_FAILED,
    DomainError: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class Unavailable(APIException):
    """A critical dependency is unavailable for the moment."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = "A required service is temporarily unavailable. Try again shortly."
    wait = 5  # seconds until a client should try again, as Retry-After


class BodyTooLarge(APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = "The body is too large."


class TooManyParameters(APIException):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "too_many_parameters"
    default_detail = "The query has too many parameters."


# Django's exceptions, and their counterparts in DRF.
COUNTERPARTS: dict[type[Exception], type[APIException]] = {
    Http404: NotFound,
    DjangoPermissionDenied: PermissionDenied,
    RequestDataTooBig: BodyTooLarge,
    TooManyFieldsSent: TooManyParameters,
}


class DomainProblem(APIException):
    """Wraps a domain error in an exception that DRF handles."""

    def __init__(self, error: DomainError) -> None:
        super().__init__(error.detail, error.code)
        self.status_code = next(STATUSES[kind] for kind in type(error).mro() if kind in STATUSES)
        self.members = error.members


def problem(
    request: HttpRequest, status: int, *, detail: str = "", code: str = "", **members: Any
) -> dict[str, Any]:
    """Return the members of a problem. Empty ones are left out.

    `type` is `about:blank`: the status says what kind of problem it is, and `code` tells programs
    more precisely.
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _shorten(detail),
        "code": code,
        "instance": escape_uri_path(request.path),
        # RequestIDMiddleware has validated or generated it.
        "request_id": request.META.get("HTTP_X_REQUEST_ID", ""),
        **members,
    }
    return {name: value for name, value in body.items() if value != ""}


def problem_response(request: HttpRequest, status: int, **members: Any) -> JsonResponse:
    """Return a problem as Django's own response, for errors outside of DRF's views."""
    return JsonResponse(
        problem(request, status, **members), status=status, content_type=CONTENT_TYPE
    )


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception in a view of the API into a problem.

    Returns None for an unexpected exception: Django then logs it and responds with `server_error`
    below.
    """
    exc = _as_api_exception(exc)
    response = drf_exception_handler(exc, context)
    if not isinstance(exc, APIException) or response is None:
        return None
    if isinstance(exc, ValidationError):
        members = _validation_members(exc)
    else:
        # A domain error may have extension members (RFC 9457, section 3.2).
        members = _detail_and_code(exc) | getattr(exc, "members", {})
    response.data = problem(context["request"], response.status_code, **members)
    response.content_type = CONTENT_TYPE
    # Even if the client has negotiated YAML or HTML.
    context["request"].accepted_renderer = JSONRenderer()
    context["request"].accepted_media_type = JSONRenderer.media_type
    return response


def _as_api_exception(exc: Exception) -> Exception:
    """Return DRF's counterpart of an exception, or the exception itself.

    An error of the database connection is logged, and becomes a 503.
    """
    if isinstance(exc, DomainError):
        return DomainProblem(exc)
    if isinstance(exc, DjangoValidationError):
        return ValidationError(as_serializer_error(exc))
    for kind, counterpart in COUNTERPARTS.items():
        if isinstance(exc, kind):
            return counterpart()
    if isinstance(exc, (OperationalError, InterfaceError)):
        logger.error("database_error", exc_info=exc)
        return Unavailable()
    return exc


def _validation_members(exc: ValidationError) -> dict[str, Any]:
    """Return code, detail and errors, of which MAX_ERRORS are shown at most."""
    errors = list(islice(_errors(exc.get_full_details()), MAX_ERRORS + 1))
    detail = "See errors."
    if len(errors) > MAX_ERRORS:
        detail = f"See errors, which are the first {MAX_ERRORS}. There are more."
    return {"code": "invalid", "detail": detail, "errors": errors[:MAX_ERRORS]}


def _detail_and_code(exc: APIException) -> dict[str, Any]:
    """Return detail and code. Some exceptions have both in a dict (simplejwt's InvalidToken)."""
    if isinstance(exc.detail, dict):
        return {name: str(exc.detail.get(name, "")) for name in ("detail", "code")}
    return {"detail": str(exc.detail), "code": str(exc.get_codes())}


def _errors(details: Any, pointer: str = "#") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested details into a list that points at fields (JSON Pointer, RFC 6901)."""
    if isinstance(details, list):
        for index, item in enumerate(details):
            yield from _errors(item, pointer if _is_error(item) else f"{pointer}/{index}")
    elif _is_error(details):
        code = details["code"] or "invalid"
        yield {"pointer": pointer, "detail": _shorten(str(details["message"])), "code": code}
    else:
        for name, value in details.items():
            is_field = name not in {"non_field_errors", "__all__"}
            yield from _errors(value, f"{pointer}/{_escape(str(name))}" if is_field else pointer)


def _is_error(details: Any) -> bool:
    """Tell an error from the errors of a serializer whose fields are `message` and `code`."""
    is_error = isinstance(details, dict) and set(details) == {"message", "code"}
    return is_error and not isinstance(details["message"], dict | list)


def _escape(name: str) -> str:
    """Escape a name for a pointer in a URI fragment (RFC 6901, sections 3 and 6)."""
    return quote(_shorten(name).replace("~", "~0").replace("/", "~1"), safe="")


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


# Django's handlers of errors outside of the API, as config/urls.py and CSRF_FAILURE_VIEW name them.
def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return problem_response(request, HTTPStatus.BAD_REQUEST, code="bad_request")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return problem_response(request, HTTPStatus.FORBIDDEN, code="permission_denied")


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    return problem_response(request, HTTPStatus.FORBIDDEN, code="csrf_failed", detail=reason)


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return problem_response(request, HTTPStatus.NOT_FOUND, code="not_found")


def server_error(request: HttpRequest) -> JsonResponse:
    return problem_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, code="server_error")
