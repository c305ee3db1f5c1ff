"""The endpoint: one operation in each request, authenticated and limited like the REST API."""

from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from strawberry.schema.exceptions import CannotGetOperationTypeError

from apps.common.encoding import JSONRenderer
from apps.graphql.errors import error_of
from apps.graphql.limits import MAX_QUERY_LENGTH, MAX_VALUES
from apps.graphql.schema import get_schema


class BodySerializer(serializers.Serializer[Any]):
    """The body of a request, as the draft of GraphQL over HTTP has it."""

    # Python converts no text with thousands of digits to an integer.
    query = serializers.CharField(
        max_length=MAX_QUERY_LENGTH,
        required=False,
        validators=[RegexValidator(r"[0-9]{1000}", "A number is too long.", inverse_match=True)],
    )
    documentId = serializers.CharField(max_length=200, required=False)  # noqa: N815  # the name of the draft
    operationName = serializers.CharField(max_length=200, required=False, allow_null=True)  # noqa: N815
    variables = serializers.DictField(required=False, allow_null=True)

    def validate_variables(self, variables: Any) -> Any:
        """Limit the number of values: the cost of an operation does not count them."""
        if count(variables) > MAX_VALUES:
            raise serializers.ValidationError(f"At most {MAX_VALUES} values are allowed.")
        return variables


def count(value: Any) -> int:
    """Return how many values a variable has."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, parts))


class GraphQLRenderer(JSONRenderer):
    media_type = "application/graphql-response+json"


@dataclass(frozen=True)
class Context:
    """What resolvers know of the request."""

    request: Request
    operation_name: str | None

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
        try:
            result = get_schema().execute_sync(
                find_query(body),
                variable_values=body.get("variables"),
                operation_name=body.get("operationName"),
                context_value=Context(request, body.get("operationName")),
            )
        except CannotGetOperationTypeError:
            raise serializers.ValidationError({"operationName": "No such operation."}) from None
        errors = [error_of(error, request) for error in result.errors or ()]
        answer: dict[str, Any] = {"errors": errors} if errors else {}
        was_executed = result.data is not None or any("path" in error for error in errors)
        if was_executed:
            return Response(answer | {"data": result.data})
        return Response(answer, max(error["extensions"]["status"] for error in errors))


def find_query(body: dict[str, Any]) -> str:
    """Return the query of a request, or the stored one that it names. Raises ValidationError."""
    documents: dict[str, str] | None = settings.GRAPHQL_DOCUMENTS
    query: str | None = body.get("query")
    if documents is not None:
        if "documentId" not in body:
            raise serializers.ValidationError({"documentId": "Required: name a stored document."})
        query = documents.get(body["documentId"])
        if query is None:
            raise serializers.ValidationError({"documentId": "No stored document has this id."})
    if query is None:
        raise serializers.ValidationError({"query": "Required."})
    return query
