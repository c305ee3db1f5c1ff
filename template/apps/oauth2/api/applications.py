"""The applications that a user has let in."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.scopes import users_only
from apps.oauth2 import selectors, services
from apps.oauth2.api.serializers import ApplicationSerializer
from apps.users.selectors import current_user


class ApplicationsView(ListAPIView[Any]):
    """List the applications with access to your account."""

    # No application sees the others.
    authentication_classes = users_only()
    serializer_class = ApplicationSerializer
    pagination_class = None

    def get_queryset(self) -> Any:
        return selectors.applications(user=current_user(self.request))


class ApplicationView(APIView):
    authentication_classes = users_only()

    @extend_schema(operation_id="revoke_application", responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """Revoke an application's access to your account: its tokens end at once."""
        user = current_user(request)
        if not selectors.tokens_of(user=user, client_id=pk).exists():
            raise Http404
        services.revoke_access(user=user, client_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
