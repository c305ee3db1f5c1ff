from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bookings.models import Booking
from apps.bookings.selectors import for_guest
from apps.common.projection import ProjectionMixin
from apps.listings.selectors import published
from apps.rest.pagination import KeysetPagination, Ordering
from apps.reviews import selectors, services
from apps.reviews.api.serializers import ReviewSerializer
from apps.reviews.models import Review
from apps.users.selectors import current_user


class ReviewListView(ProjectionMixin, ListAPIView[Review]):
    permission_classes = [AllowAny]
    serializer_class = ReviewSerializer
    pagination_class = KeysetPagination
    orderings = {"newest": Ordering("id", descending=True)}

    select = staticmethod(selectors.for_public_listing)

    @extend_schema(operation_id="list_reviews")
    def get(self, request: Request, pk: int) -> Response:
        """List the reviews of a listing, newest first."""
        response = self.list(request)
        if not response.data["results"]:
            get_object_or_404(published(), pk=pk)
        return response


class ReviewView(GenericAPIView[Any]):
    permission_classes = [IsAuthenticated]
    serializer_class = ReviewSerializer

    def get_queryset(self) -> QuerySet[Booking]:
        return for_guest(current_user(self.request))

    @extend_schema(operation_id="create_review", responses={201: ReviewSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Review a completed stay."""
        booking = self.get_object()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        created = services.review(booking=booking, **serializer.validated_data)
        return Response(self.get_serializer(created).data, status.HTTP_201_CREATED)
