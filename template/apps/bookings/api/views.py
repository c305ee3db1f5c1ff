"""Bookings as a resource, for guests and hosts."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.bookings import selectors, services
from apps.bookings.api.serializers import (
    BookingCreateSerializer,
    BookingSerializer,
    GuestBookingSerializer,
    HostBookingSerializer,
    VisibleBookingSerializer,
)
from apps.bookings.models import Booking
from apps.bookings.states import Role, State
from apps.common.projection import ProjectionMixin
from apps.common.schema import links
from apps.rest import idempotency
from apps.rest.pagination import KeysetPagination, Ordering
from apps.rest.schema import ID, LOCATION
from apps.users.selectors import current_user

ROLES = (Role.GUEST.value, Role.HOST.value)


class BookingListView(ProjectionMixin):
    permission_classes = [IsAuthenticated]
    pagination_class = KeysetPagination
    orderings = {"newest": Ordering("id", descending=True)}

    @property
    def role(self) -> str:
        """Return the role that the client asks for. Raises ValidationError."""
        role = self.request.query_params.get("role", Role.GUEST.value)
        if role not in ROLES:
            raise ValidationError({"role": f"Must be one of: {', '.join(ROLES)}."})
        return role

    def get_select(self) -> Callable[..., QuerySet[Booking]]:
        return selectors.for_guest if self.role == Role.GUEST else selectors.for_host

    def get_serializer_class(self) -> type[BookingSerializer]:
        return GuestBookingSerializer if self.role == Role.GUEST else HostBookingSerializer

    @extend_schema(
        operation_id="list_bookings",
        responses=BookingSerializer(many=True),
        parameters=[
            OpenApiParameter(
                "role",
                str,
                enum=ROLES,
                default=Role.GUEST.value,
                description="The bookings that you made (guest), or those of your listings (host).",
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """List your bookings, as a guest or as a host."""
        return self.list(request)

    @extend_schema(
        operation_id="create_booking",
        request=BookingCreateSerializer,
        responses={201: BookingSerializer},
        parameters=[idempotency.PARAMETER, idempotency.REPLAYED, LOCATION],
        extensions=links(get_booking={"path.id": ID}, cancel_booking={"path.id": ID}),
    )
    def post(self, request: Request) -> Response:
        """Request a stay. The dates are blocked, unless the booking is declined or cancelled.

        A request is declined if the host has not decided within a day. With too many open requests,
        the status is 409 and the code `too_many_open_requests`.

        Send the total that the guest agrees to. If the price has changed, nothing is booked: the
        status is 409 and the code `price_changed`, with the current `total` and `currency`. If
        another booking blocks one of the nights, the code is `dates_unavailable`.
        """
        return idempotency.run_once(request, lambda: self.create(request))

    def create(self, request: Request) -> Response:
        serializer = BookingCreateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        listing, guest = fields.pop("listing"), current_user(request)
        booking = services.book(listing=listing, guest=guest, stay=services.Stay(**fields))
        location = reverse("booking", kwargs={"pk": booking.pk})
        return Response(
            BookingSerializer(booking, context=self.get_serializer_context()).data,
            status.HTTP_201_CREATED,
            headers={"Location": location},
        )


class OwnBookingsView(ProjectionMixin):
    permission_classes = [IsAuthenticated]
    serializer_class: type[Serializer[Any]] = BookingSerializer
    select = staticmethod(selectors.visible_to)


class BookingView(OwnBookingsView):
    serializer_class = VisibleBookingSerializer

    @extend_schema(operation_id="get_booking", responses=BookingSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Retrieve one of your bookings."""
        return self.retrieve(request)


class BookingTransitionView(OwnBookingsView):
    """Base of the endpoints that change the state of a booking."""

    state: State

    def transition(self, request: Request) -> Response:
        """Change the state of the booking, as its guest or host. Raises TransitionNotAllowed."""
        booking, user = self.get_object(), current_user(request)
        role = Role.GUEST if booking.guest_id == user.pk else Role.HOST
        services.transition(booking=booking, state=self.state, role=role, user=user)
        return Response(self.get_serializer(self.get_object()).data)


class ConfirmView(BookingTransitionView):
    state = State.CONFIRMED

    @extend_schema(operation_id="confirm_booking", request=None)
    def post(self, request: Request, pk: int) -> Response:
        """Accept a request before check-in, as the host."""
        return self.transition(request)


class DeclineView(BookingTransitionView):
    state = State.DECLINED

    @extend_schema(operation_id="decline_booking", request=None)
    def post(self, request: Request, pk: int) -> Response:
        """Decline a request, as the host."""
        return self.transition(request)


class CancelView(BookingTransitionView):
    state = State.CANCELLED

    @extend_schema(operation_id="cancel_booking", request=None)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel a booking before check-in, as its guest or host. A guest can always withdraw a request."""
        return self.transition(request)
