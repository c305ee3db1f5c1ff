"""Bookings, for their guests and hosts."""

import json
from datetime import date, datetime
from typing import Any

import strawberry
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.response import Response
from strawberry import Info

from apps.bookings import selectors, services
from apps.bookings.api.serializers import BookingCreateSerializer
from apps.bookings.models import Booking
from apps.bookings.states import Role, State
from apps.graphql.inputs import BigInt, key_of, validated, values_of
from apps.graphql.pages import Connection
from apps.graphql.rows import derived, one, pages, related, row
from apps.listings.graphql import ListingType, visible
from apps.listings.models import Currency
from apps.rest.idempotency import run_with_key
from apps.users.models import User

strawberry.enum(State, name="BookingState")


def for_host_only(value: Any, is_host: bool) -> Any:  # noqa: FBT001  # a column
    return value if is_host else None


def day_for_host_only(moment: datetime, is_host: bool) -> date | None:  # noqa: FBT001
    return moment.date() if is_host else None


@strawberry.type(name="Booking", description="A stay of a guest, on the terms of that time.")
class BookingType:
    id: strawberry.ID
    title: str
    city: str
    country: str
    time_zone: str
    check_in: date
    check_out: date
    guests: int
    nights: int
    price: int = strawberry.field(description="A night, in minor units.")
    total: BigInt
    currency: Currency
    state: State
    created_at: datetime
    changed_at: datetime
    listing: ListingType | None = related(visible, "listing_id")
    # For the host, who decides on a request.
    guest_name: str | None = derived(for_host_only, "guest__name", "is_host")
    guest_since: date | None = derived(day_for_host_only, "guest__date_joined", "is_host")
    guest_stays: int | None = derived(for_host_only, "guest_stays", "is_host")


def as_guest(user: User) -> QuerySet[Booking]:
    return selectors.visible_to(user).filter(guest=user)


def as_host(user: User) -> QuerySet[Booking]:
    return selectors.visible_to(user).filter(host=user)


@strawberry.type
class Query:
    booking: BookingType | None = row(selectors.visible_to)
    my_stays: Connection[BookingType] | None = pages(as_guest)
    my_guests: Connection[BookingType] | None = pages(as_host)


@strawberry.input
class BookingInput:
    listing: strawberry.ID
    check_in: date
    check_out: date
    guests: int
    total: BigInt
    currency: Currency


@strawberry.type
class Mutation:
    @strawberry.mutation
    def book(
        self, info: Info[Any], fields: BookingInput, idempotency_key: str
    ) -> BookingType | None:
        """Request a stay, at the total that the guest agrees to. A retry has the same key."""
        user, text = info.context.user, json.dumps(values_of(fields), sort_keys=True)
        stored = run_with_key(user, idempotency_key, f"book {text}", lambda: create(user, fields))
        return shown(user, stored.data["id"])

    @strawberry.mutation
    def confirm_booking(self, info: Info[Any], id: strawberry.ID) -> BookingType | None:
        """Accept a request before check-in, as the host."""
        return transition(info, id, State.CONFIRMED)

    @strawberry.mutation
    def decline_booking(self, info: Info[Any], id: strawberry.ID) -> BookingType | None:
        """Decline a request, as the host."""
        return transition(info, id, State.DECLINED)

    @strawberry.mutation
    def cancel_booking(self, info: Info[Any], id: strawberry.ID) -> BookingType | None:
        """Cancel a booking, as its guest or host."""
        return transition(info, id, State.CANCELLED)


def create(user: User, fields: BookingInput) -> Response:
    """Request a stay. Return its id. Raises ValidationError, and what `services.book` raises."""
    stay = validated(BookingCreateSerializer, fields)
    booking = services.book(listing=stay.pop("listing"), guest=user, stay=services.Stay(**stay))
    return Response({"id": booking.pk})


def transition(info: Info[Any], id: str, state: State) -> Any:
    """Change the state of a booking, as its guest or host. Raises Http404."""
    user = info.context.user
    booking = get_object_or_404(selectors.visible_to(user), pk=key_of(id))
    role = Role.GUEST if booking.guest_id == user.pk else Role.HOST
    services.transition(booking=booking, state=state, role=role, user=user)
    return shown(user, booking.pk)


def shown(user: User, pk: int) -> Any:
    return one(selectors.visible_to(user).filter(pk=pk))
