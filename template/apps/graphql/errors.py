"""Errors of an operation, with the codes of the problems that the REST API would respond with."""

import re
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from graphql import GraphQLError
from rest_framework.request import Request
from strawberry.utils.str_converters import to_camel_case

from apps.common.problems import exception_handler

# Not every message hides the names of fields, but none offers them.
SUGGESTION = re.compile(r" Did you mean [^?]*\?")

# The members of a problem that a response has elsewhere: in its message, path and headers.
HIDDEN = {"type", "title", "instance", "request_id"}

logger = structlog.get_logger(__name__)


def error_of(error: GraphQLError, request: Request) -> dict[str, Any]:
    """Return an error as the response shows it. Logs what is a bug, and says nothing of it."""
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        code = (error.extensions or {}).get("code", "graphql_invalid")
        message = error.message if settings.DEBUG else SUGGESTION.sub("", error.message)
        return _shown(error, message, {"code": code, "status": HTTPStatus.BAD_REQUEST})
    response = exception_handler(original, {"request": request})
    if response is None:
        logger.error("graphql_failed", path=error.path, exc_info=original)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return _shown(error, status.phrase, {"code": "server_error", "status": status})
    problem = {name: value for name, value in response.data.items() if name not in HIDDEN}
    message = problem.pop("detail", response.data["title"])
    for each in problem.get("errors", ()):
        each["pointer"] = to_camel_case(each["pointer"])
    return _shown(error, message, problem)


def _shown(error: GraphQLError, message: str, members: dict[str, Any]) -> dict[str, Any]:
    locations = [each.formatted for each in error.locations or ()]
    shown = {"message": message, "locations": locations, "path": error.path, "extensions": members}
    return {name: value for name, value in shown.items() if value}
