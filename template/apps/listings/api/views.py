"""Views of one listing, and of a host's own listings. The public list is in `lists`."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import (
    SAFE_METHODS,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.bookings.selectors import public_listings, visible_listings
from apps.common.encoding import dump
from apps.common.projection import ProjectionMixin
from apps.common.schema import links
from apps.listings import selectors, services
from apps.listings.api.examples import LISTING, PUBLIC_LISTING
from apps.listings.api.serializers import (
    ListingBulkSerializer,
    ListingSerializer,
    PublicListingSerializer,
    VisibleListingSerializer,
)
from apps.listings.models import Listing
from apps.rest import conditional
from apps.rest.pagination import KeysetPagination, Ordering
from apps.rest.schema import ETAG, ID
from apps.users.selectors import current_user

# Where a response contains the parameters of the operations on its listing.
DETAIL_LINKS = {"path.id": ID, "header.If-Match": ETAG}


def detail_response(
    fields: Mapping[str, Any], status_code: int = status.HTTP_200_OK
) -> HttpResponse:
    """Return the fields of a listing, with its version in the ETag."""
    body = dump(fields)
    etag = conditional.version_etag(fields["version"], body)
    headers = {"Cache-Control": "private, no-store", "ETag": etag}
    if status_code == status.HTTP_201_CREATED:
        headers["Location"] = reverse("listing", kwargs={"pk": fields["id"]})
    return HttpResponse(body, "application/json", status_code, headers=headers)


class ListingBulkView(GenericAPIView[Listing]):
    permission_classes = [IsAuthenticated]
    pagination_class = None  # the schema would describe a page of them
    serializer_class = ListingBulkSerializer

    @extend_schema(operation_id="create_listings", responses={201: ListingSerializer(many=True)})
    def post(self, request: Request) -> Response:
        """Create several drafts: all of them, or none."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        drafts = services.create_many(
            host=current_user(request), listings=serializer.validated_data["listings"]
        )
        own = selectors.for_host_with_relations(current_user(request))
        listings = own.filter(pk__in=[draft.pk for draft in drafts]).order_by("pk")
        return Response(ListingSerializer(listings, many=True).data, status.HTTP_201_CREATED)


class OwnListingListView(ProjectionMixin, ListAPIView[Listing]):
    permission_classes = [IsAuthenticated]
    serializer_class = ListingSerializer
    pagination_class = KeysetPagination
    orderings = {"newest": Ordering("id", descending=True)}
    select = staticmethod(selectors.for_host_with_relations)

    @extend_schema(operation_id="list_own_listings")
    def get(self, request: Request) -> Response:
        """List your listings, including drafts."""
        return super().get(request)


class ListingView(ProjectionMixin):
    permission_classes = [IsAuthenticatedOrReadOnly]

    def get_select(self) -> Callable[..., QuerySet[Listing]]:
        if self.request.method not in SAFE_METHODS:
            # To write to other people's listings is a 404, not a 403: drafts are private.
            return selectors.for_host
        return visible_listings if self.request.user.is_authenticated else public_listings

    def get_serializer_class(self) -> type[Serializer[Any]]:
        is_safe = self.request.method in SAFE_METHODS
        return VisibleListingSerializer if is_safe else ListingSerializer

    @extend_schema(
        operation_id="get_listing",
        responses=PolymorphicProxySerializer(
            component_name="ListingDetail",
            serializers=[ListingSerializer, PublicListingSerializer],
            resource_type_field_name=None,
        ),
        examples=[
            OpenApiExample("For the public", PUBLIC_LISTING, response_only=True),
            OpenApiExample("For its host and confirmed guests", LISTING, response_only=True),
        ],
        parameters=[conditional.ETAG],
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Retrieve a published listing, one of your own, or one that you have booked.

        Only its host and guests with a confirmed booking see its street and exact coordinates.
        """
        return conditional.revalidate(request, detail_response(self.find_output()))

    @extend_schema(
        operation_id="update_listing",
        parameters=[conditional.IF_MATCH, conditional.ETAG],
        extensions=links(publish_listing=DETAIL_LINKS, delete_listing=DETAIL_LINKS),
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Update your listing."""
        listing, versions = self.get_object(), conditional.parse_if_match(request)
        serializer = self.get_serializer(listing, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        updated = services.update(
            listing=listing,
            user=current_user(request),
            versions=versions,
            **serializer.validated_data,
        )
        return detail_response(ListingSerializer(updated).data)

    @extend_schema(
        operation_id="delete_listing", parameters=[conditional.IF_MATCH], responses={204: None}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Delete a draft. A listing that has been published can only be archived."""
        services.delete(
            listing=self.get_object(),
            user=current_user(request),
            versions=conditional.parse_if_match(request),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class ListingTransitionView(GenericAPIView[Listing]):
    """Base of the endpoints that change the status of a listing."""

    permission_classes = [IsAuthenticated]
    serializer_class = ListingSerializer

    def get_queryset(self) -> QuerySet[Listing]:
        return selectors.for_host(current_user(self.request))

    def transition(self, request: Request, service: Callable[..., Listing]) -> HttpResponse:
        """Change the status with a service, and return the listing."""
        listing, versions = self.get_object(), conditional.parse_if_match(request)
        changed = service(listing=listing, user=current_user(request), versions=versions)
        return detail_response(ListingSerializer(changed).data)


class PublishView(ListingTransitionView):
    @extend_schema(
        operation_id="publish_listing",
        request=None,
        parameters=[conditional.IF_MATCH, conditional.ETAG],
        extensions=links(archive_listing=DETAIL_LINKS),
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        """Publish a listing."""
        return self.transition(request, services.publish)


class ArchiveView(ListingTransitionView):
    @extend_schema(
        operation_id="archive_listing",
        request=None,
        parameters=[conditional.IF_MATCH, conditional.ETAG],
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        """Archive a listing. Its bookings remain."""
        return self.transition(request, services.archive)
