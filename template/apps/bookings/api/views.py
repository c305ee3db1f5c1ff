"""Bookings as a resource: of the guest who made them, and of the host who gets them."""

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bookings import selectors, services
from apps.bookings.api.serializers import BookingRequestSerializer, BookingSerializer
from apps.bookings.models import Booking
from apps.bookings.states import Role, State
from apps.common.schema import ID, links
from apps.listings.selectors import published
from apps.rest import idempotency
from apps.rest.pagination import KeysetPagination, Ordering
from apps.rest.schema import LOCATION
from apps.users.api.users import current_user

ROLES = (Role.GUEST.value, Role.HOST.value)


class BookingListView(GenericAPIView[Booking]):
    permission_classes = [IsAuthenticated]
    serializer_class = BookingSerializer
    pagination_class = KeysetPagination
    orderings = {"newest": Ordering("id", descending=True)}

    def get_queryset(self) -> QuerySet[Booking]:
        role = self.request.query_params.get("role", Role.GUEST)
        if role not in ROLES:
            raise ValidationError({"role": f"Give one of: {', '.join(ROLES)}."})
        of = selectors.of_guest if role == Role.GUEST else selectors.of_host
        return of(current_user(self.request))

    @extend_schema(
        operation_id="list_bookings",
        responses=BookingSerializer(many=True),
        parameters=[OpenApiParameter("role", str, enum=ROLES, default=Role.GUEST.value)],
    )
    def get(self, request: Request) -> Response:
        """List your bookings: those that you made, or those of your listings."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="book",
        request=BookingRequestSerializer,
        responses={201: BookingSerializer},
        parameters=[idempotency.PARAMETER, idempotency.REPLAYED, LOCATION],
        extensions=links(read_booking={"path.id": ID}, cancel_booking={"path.id": ID}),
    )
    def post(self, request: Request) -> Response:
        """Ask for a stay. The nights are yours until the host declines.

        Send the total that you have seen. If the host has changed the price meanwhile, nothing is
        booked: the answer is 409 `price_changed`, with the `total` and `currency` of now.
        """
        return idempotency.run_once(request, lambda: self.book(request))

    def book(self, request: Request) -> Response:
        serializer = BookingRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        listing = published().filter(pk=fields.pop("listing")).first()
        if listing is None:
            raise ValidationError({"listing": "There is no such listing."})
        booking = services.book(
            listing=listing, guest=current_user(request), stay=services.Stay(**fields)
        )
        location = reverse("booking", kwargs={"pk": booking.pk})
        return Response(
            self.get_serializer(booking).data,
            status.HTTP_201_CREATED,
            headers={"Location": location},
        )


class OwnBookingsView(GenericAPIView[Booking]):
    permission_classes = [IsAuthenticated]
    serializer_class = BookingSerializer

    def get_queryset(self) -> QuerySet[Booking]:
        return selectors.visible_to(current_user(self.request))


class BookingView(OwnBookingsView):
    @extend_schema(operation_id="read_booking")
    def get(self, request: Request, pk: int) -> Response:
        """Read a booking that you have to do with."""
        return Response(self.get_serializer(self.get_object()).data)


class LeadView(OwnBookingsView):
    """Lead a booking into another state."""

    state: State

    def lead(self, request: Request) -> Response:
        """Return the booking in its new state. Raises TransitionNotAllowed."""
        booking, user = self.get_object(), current_user(request)
        role = Role.GUEST if booking.guest_id == user.pk else Role.HOST
        changed = services.lead(booking=booking, state=self.state, role=role, user=user)
        return Response(self.get_serializer(changed).data)


class ConfirmView(LeadView):
    state = State.CONFIRMED

    @extend_schema(operation_id="confirm_booking", request=None)
    def post(self, request: Request, pk: int) -> Response:
        """Accept a guest, as the host."""
        return self.lead(request)


class DeclineView(LeadView):
    state = State.DECLINED

    @extend_schema(operation_id="decline_booking", request=None)
    def post(self, request: Request, pk: int) -> Response:
        """Refuse a guest, as the host."""
        return self.lead(request)


class CancelView(LeadView):
    state = State.CANCELLED

    @extend_schema(operation_id="cancel_booking", request=None)
    def post(self, request: Request, pk: int) -> Response:
        """Give a stay up before it begins, as its guest or host."""
        return self.lead(request)
