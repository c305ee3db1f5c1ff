"""The API keys of a user, who lists, creates and revokes them with an access token."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_keys import selectors, services
from apps.api_keys.api.serializers import (
    ApiKeyCreateSerializer,
    ApiKeySerializer,
    CreatedApiKeySerializer,
)
from apps.api_keys.models import ApiKey
from apps.common.projection import ProjectionMixin
from apps.common.schema import links
from apps.common.scopes import users_only
from apps.users.selectors import current_user


class OwnKeysView(ProjectionMixin):
    # No key creates or revokes keys.
    authentication_classes = users_only()
    serializer_class = ApiKeySerializer
    throttle_scope = "credentials"
    select = staticmethod(selectors.for_owner)


class ApiKeyListView(OwnKeysView, ListAPIView[ApiKey]):
    @extend_schema(operation_id="list_api_keys")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List your API keys, newest first, including those that are revoked or expired."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_api_key",
        request=ApiKeyCreateSerializer,
        responses={201: CreatedApiKeySerializer},
        extensions=links(revoke_api_key={"path.id": "$response.body#/id"}),
    )
    def post(self, request: Request) -> Response:
        """Create an API key, with which a program acts as you, within the scopes of the key.

        Only this response contains the key. With too many active keys, the status is 409 and the
        code `too_many_api_keys`.
        """
        serializer = ApiKeyCreateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        key, text = services.create(user=current_user(request), **serializer.validated_data)
        body = {**self.get_serializer(key).data, "key": text}
        return Response(body, status.HTTP_201_CREATED)


class ApiKeyView(OwnKeysView):
    @extend_schema(operation_id="revoke_api_key", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke one of your API keys, at once and for good."""
        services.revoke(key=self.get_object(), by=current_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
