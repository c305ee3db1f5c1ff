"""The endpoint: one operation in each request, authenticated and limited like the REST API."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from strawberry.schema.exceptions import CannotGetOperationTypeError

from apps.common.encoding import JSONRenderer
from apps.common.problems import Unavailable
from apps.graphql.errors import error_of
from apps.graphql.limits import MAX_QUERY_LENGTH
from apps.graphql.schema import get_schema


class TimeLimitExceeded(Unavailable):
    default_code = "time_limit_exceeded"
    default_detail = "The operation took too long. Ask for less."


class InvalidOperation(serializers.ValidationError):
    """The operation cannot be found in the request."""


class BodySerializer(serializers.Serializer[Any]):
    """The body of a request, as the draft of GraphQL over HTTP has it."""

    query = serializers.CharField(max_length=MAX_QUERY_LENGTH, required=False)
    documentId = serializers.CharField(max_length=200, required=False)  # noqa: N815  # the name of the draft
    operationName = serializers.CharField(max_length=200, required=False, allow_null=True)  # noqa: N815
    variables = serializers.DictField(required=False, allow_null=True)


class GraphQLRenderer(JSONRenderer):
    media_type = "application/graphql-response+json"


@dataclass(frozen=True)
class Context:
    """What resolvers know of the request."""

    request: Request

    @property
    def user(self) -> Any:
        return self.request.user


class GraphQLView(APIView):
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer, GraphQLRenderer]

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        """Execute one operation. Each root field rejects the callers that may not use it.

        The status is 200, unless the operation could not be executed at all.
        """
        serializer = BodySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        body = serializer.validated_data
        structlog.contextvars.bind_contextvars(operation=body.get("operationName"))
        with time_limit(settings.GRAPHQL_TIME_LIMIT):
            try:
                result = get_schema().execute_sync(
                    find_query(body),
                    variable_values=body.get("variables"),
                    operation_name=body.get("operationName"),
                    context_value=Context(request),
                )
            except CannotGetOperationTypeError:
                raise InvalidOperation({"operationName": "No such operation."}) from None
        errors = [error_of(error, request) for error in result.errors or ()]
        answer: dict[str, Any] = {"errors": errors} if errors else {}
        was_executed = result.data is not None or any("path" in error for error in errors)
        if was_executed:
            return Response(answer | {"data": result.data})
        return Response(answer, max(error["extensions"]["status"] for error in errors))


def find_query(body: dict[str, Any]) -> str:
    """Return the query of a request, or the stored one that it names. Raises InvalidOperation."""
    documents: dict[str, str] | None = settings.GRAPHQL_DOCUMENTS
    query: str | None = body.get("query")
    if documents is not None:
        query = documents.get(body.get("documentId", ""))
        if query is None:
            raise InvalidOperation({"documentId": "No stored document has this id."})
    if query is None:
        raise InvalidOperation({"query": "Required."})
    return query


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitExceeded in place of the first SQL statement that would begin too late."""
    end = time.monotonic() + seconds

    def check(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  # Django's
        if time.monotonic() > end:
            raise TimeLimitExceeded
        return execute(sql, params, many, context)

    with connection.execute_wrapper(check):
        yield
