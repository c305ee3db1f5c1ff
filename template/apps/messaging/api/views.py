from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bookings.models import Booking
from apps.bookings.selectors import visible_to
from apps.common.projection import ProjectionMixin
from apps.messaging import selectors, services
from apps.messaging.api.serializers import MessageSerializer
from apps.messaging.models import Message
from apps.rest.pagination import KeysetPagination, Ordering
from apps.users.selectors import current_user


class MessageListView(ProjectionMixin, GenericAPIView[Message]):
    permission_classes = [IsAuthenticated]
    serializer_class = MessageSerializer
    pagination_class = KeysetPagination
    orderings = {"newest": Ordering("id", descending=True)}

    select = staticmethod(selectors.for_party)

    @property
    def booking(self) -> Booking:
        """Return the booking, if the user is its guest or host. Raises Http404."""
        return get_object_or_404(visible_to(current_user(self.request)), pk=self.kwargs["pk"])

    @extend_schema(operation_id="list_messages", responses=MessageSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List the messages of one of your bookings, newest first."""
        response = self.list(request)
        if not response.data["results"]:
            _ = self.booking
        return response

    @extend_schema(operation_id="send_message", responses={201: MessageSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Write to the other party of one of your bookings."""
        booking = self.booking
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        sender = current_user(request)
        sent = services.send(booking=booking, sender=sender, **serializer.validated_data)
        return Response(self.get_serializer(sent).data, status.HTTP_201_CREATED)
