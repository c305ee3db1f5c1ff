from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.encoding import JSONRenderer
from apps.common.numbers import LARGEST, plain_number
from apps.live import tickets
from apps.live.api.serializers import TicketSerializer
from apps.live.credentials import of_user
from apps.live.event_stream import EventStreamResponse
from apps.live.hub import hub
from apps.users.selectors import current_user


class Misdirected(APIException):
    status_code = status.HTTP_421_MISDIRECTED_REQUEST
    default_code = "misdirected"
    default_detail = "The process of live events serves this path: `make live` runs it."


class TooManyConnections(APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "too_many_connections"
    default_detail = "You have too many open connections. Close one."


class TicketView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="create_live_ticket", request=None, responses={201: TicketSerializer}
    )
    def post(self, request: Request) -> Response:
        """Create a ticket, which opens one WebSocket within 30 seconds."""
        ticket = tickets.create(current_user(request), request.auth)
        return Response({"ticket": ticket}, status.HTTP_201_CREATED)


class EventStreamRenderer(JSONRenderer):
    """Accepts clients that ask for an event stream. Problems are JSON."""

    media_type = "text/event-stream"
    format = "events"


class EventStreamView(APIView):
    permission_classes = [IsAuthenticated]
    renderer_classes = [JSONRenderer, EventStreamRenderer]

    # The OpenAPI document describes responses that end.
    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseBase:
        """Stream your events as they happen (server-sent events)."""
        after = after_of(request)
        django_request: HttpRequest = request._request  # noqa: SLF001  # DRF's documented name
        if "live" not in getattr(django_request, "scope", ()):
            raise Misdirected
        credential = of_user(current_user(request).pk, django_request, EventStreamView)
        if not hub.has_room(credential.user_id):
            raise TooManyConnections
        return EventStreamResponse(credential, after)


def after_of(request: Request) -> int | None:
    """Return the number after which a client resumes. Raises ValidationError.

    Pages of other origins send `after` in the query, because CORS allows them no such header.
    """
    text = request.headers.get("Last-Event-ID", request.query_params.get("after"))
    try:
        return None if text is None else plain_number(text, most=LARGEST)
    except ValueError:
        raise ValidationError({"Last-Event-ID": "Must be the id of an event."}) from None


class LivePageView(TemplateView):
    """Shows your events as they arrive, in development."""

    template_name = "live/live.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return super().get(request, *args, **kwargs)
