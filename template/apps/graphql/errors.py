"""Errors of an operation, with the codes of the problems that the REST API would respond with."""

from http import HTTPStatus
from typing import Any

import structlog
from graphql import GraphQLError
from rest_framework.request import Request

from apps.common.problems import exception_handler

logger = structlog.get_logger(__name__)


def error_of(error: GraphQLError, request: Request) -> dict[str, Any]:
    """Return an error as the response shows it. Logs what is a bug, and says nothing of it."""
    original = error.original_error
    if original is None:
        code = (error.extensions or {}).get("code", "graphql_invalid")
        return _shown(error, error.message, {"code": code, "status": HTTPStatus.BAD_REQUEST})
    response = exception_handler(original, {"request": request})
    if response is None:
        logger.error("graphql_failed", path=error.path, exc_info=original)
        members = {"code": "server_error", "status": HTTPStatus.INTERNAL_SERVER_ERROR}
        return _shown(error, HTTPStatus.INTERNAL_SERVER_ERROR.phrase, members)
    problem = response.data
    # What every response has elsewhere: the message, and the id in a header.
    hidden = {"type", "title", "detail", "instance", "request_id"}
    members = {name: value for name, value in problem.items() if name not in hidden}
    return _shown(error, problem.get("detail", problem["title"]), members)


def _shown(error: GraphQLError, message: str, members: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": message, "extensions": members}
    if error.locations:
        shown["locations"] = [each.formatted for each in error.locations]
    if error.path:
        shown["path"] = error.path
    return shown
