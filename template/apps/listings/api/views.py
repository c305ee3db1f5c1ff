"""Listings as a resource. What everybody may read is cached; what is somebody's own never is."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from apps.common import schema
from apps.common.schema import links
from apps.listings import selectors, services
from apps.listings.api import cards
from apps.listings.api.examples import LISTING, PUBLIC_LISTING
from apps.listings.api.filters import ListingFilter, is_filtered
from apps.listings.api.serializers import (
    ListingBulkSerializer,
    ListingCardSerializer,
    ListingCardV2Serializer,
    ListingSerializer,
    PublicListingSerializer,
)
from apps.listings.models import CACHE_NAMESPACE, Listing
from apps.rest import conditional, deprecation
from apps.rest.authentication import StatelessAuthentication
from apps.rest.caching import read_through
from apps.rest.encoding import dump
from apps.rest.pagination import KeysetPagination, Ordering
from apps.rest.schema import LIST_ETAG, LOCATION
from apps.rest.statements import get_compiled_query
from apps.users.api.users import current_user

# Whoever keeps it asks each time whether it still holds, which costs next to nothing.
PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"

# What can be done with what an answer shows.
NEXT = {"path.id": schema.ID, "header.If-Match": schema.ETAG}
# What is booked is one night, so it costs the price.
FROM_LIST: dict[str, dict[str, Any]] = {
    "read_listing": {"path.id": schema.FIRST_ID},
    "list_reviews": {"path.id": schema.FIRST_ID},
    "book": {
        "body": {
            "listing": schema.FIRST_ID,
            "total": f"{schema.FIRST}/price",
            "currency": f"{schema.FIRST}/currency",
        }
    },
}
FROM_LIST_V2 = FROM_LIST | {
    "book": {
        "body": {
            "listing": schema.FIRST_ID,
            "total": f"{schema.FIRST}/price/amount",
            "currency": f"{schema.FIRST}/price/currency",
        }
    },
}


class PublicListView(GenericAPIView[Listing]):
    """What is published. Everybody gets the same answer, so it is made once for all."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    pagination_class = KeysetPagination
    filter_backends = [DjangoFilterBackend]
    filterset_class = ListingFilter
    serializer_class: type[ModelSerializer[Listing]]
    # The same as the serializer, for what comes out of the database.
    card: Callable[[tuple[Any, ...]], dict[str, Any]]
    orderings = {
        "newest": Ordering("id", descending=True),
        "price": Ordering("price"),
        "-price": Ordering("price", descending=True),
    }

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Believe the token for reads: nobody's own data is here, so the account need not be read."""
        if not hasattr(self, "swagger_fake_view") and self.request.method in SAFE_METHODS:
            return [StatelessAuthentication()]
        return super().get_authenticators()

    def get_queryset(self) -> QuerySet[Listing]:
        return selectors.published()

    def answer(self, request: Request) -> HttpResponseBase:
        """Return the page that is asked for. Raises ValidationError."""
        # Bookings void nothing that is kept: what depends on them is made each time.
        if "check_in" in request.query_params:
            body, etag = self.page(request)
        else:
            # The links in it begin with the host.
            question = f"{request.scheme}://{request.get_host()}{request.get_full_path()}"
            body, etag = read_through(CACHE_NAMESPACE, question, lambda: self.page(request))
        if conditional.matches_if_none_match(request, etag):
            response = conditional.not_modified(etag)
        else:
            response = HttpResponse(body, "application/json", headers={"ETag": etag})
        response["Cache-Control"] = PUBLIC
        return response

    def page(self, request: Request) -> tuple[bytes, str]:
        """Return the page that is asked for as JSON, and its ETag. Raises ValidationError."""
        fields = cards.chosen_fields(request, self.serializer_class)
        pages = KeysetPagination()
        pages.columns = cards.COLUMNS
        pages.parse_request(request, self.orderings, Listing)
        results = [self.card(row) for row in pages.build_page(self.rows(request, pages))]
        if fields:
            results = [{name: card[name] for name in card if name in fields} for card in results]
        body = dump({**pages.links(), "results": results})
        return body, conditional.body_etag(body)

    def rows(self, request: Request, pages: KeysetPagination) -> list[Any]:
        """Return the rows of the page. What most requests ask for is compiled once."""
        if is_filtered(request):
            listings = cards.read(self.filter_queryset(self.get_queryset()))
            return list(pages.slice(listings, pages.values))
        statement = get_compiled_query(
            ("public list of listings", pages.cache_key),
            lambda: pages.slice(cards.read(self.get_queryset()), pages.parameters),
        )
        return statement.rows(pages.params)


class ListingListView(deprecation.DeprecatedViewMixin, PublicListView):
    serializer_class = ListingCardSerializer
    card = staticmethod(cards.card)
    deprecated_since = deprecation.utc_midnight("2026-11-21")
    sunset = deprecation.utc_midnight("2027-11-21")
    successor = "listings-v2"

    @extend_schema(
        operation_id="list_listings",
        deprecated=True,
        responses=ListingCardSerializer(many=True),
        parameters=[
            cards.fields_parameter(ListingCardSerializer),
            LIST_ETAG,
            *deprecation.HEADERS,
        ],
        extensions=links(**FROM_LIST),
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List what is published. Version 2 shows no price without its currency: use that."""
        return self.answer(request)

    @extend_schema(
        operation_id="create_listing",
        request=ListingSerializer,
        responses={201: ListingSerializer},
        parameters=[conditional.ETAG, LOCATION],
        extensions=links(change_listing=NEXT, publish_listing=NEXT, delete_listing=NEXT),
    )
    def post(self, request: Request) -> Response:
        """Create a draft."""
        serializer = ListingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        listing = services.create(host=current_user(request), **serializer.validated_data)
        return full_answer(listing, status.HTTP_201_CREATED)


class ListingListV2View(PublicListView):
    serializer_class = ListingCardV2Serializer
    card = staticmethod(cards.card_v2)

    @extend_schema(
        operation_id="list_listings_v2",
        responses=ListingCardV2Serializer(many=True),
        parameters=[cards.fields_parameter(ListingCardV2Serializer), LIST_ETAG],
        extensions=links(**FROM_LIST_V2),
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List what is published."""
        return self.answer(request)


class ListingBulkView(GenericAPIView[Listing]):
    permission_classes = [IsAuthenticated]
    pagination_class = None
    serializer_class = ListingBulkSerializer

    @extend_schema(operation_id="create_listings", responses={201: ListingSerializer(many=True)})
    def post(self, request: Request) -> Response:
        """Create several drafts: all of them, or none."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        drafts = services.create_many(
            host=current_user(request), listings=serializer.validated_data["listings"]
        )
        created = selectors.with_relations(selectors.of_host(current_user(request)))
        listings = created.filter(pk__in=[draft.pk for draft in drafts]).order_by("pk")
        return Response(ListingSerializer(listings, many=True).data, status.HTTP_201_CREATED)


class OwnListingListView(ListAPIView[Listing]):
    """List your own, the drafts included."""

    permission_classes = [IsAuthenticated]
    serializer_class = ListingSerializer
    pagination_class = KeysetPagination
    orderings = {"newest": Ordering("id", descending=True)}

    def get_queryset(self) -> QuerySet[Listing]:
        return selectors.with_relations(selectors.of_host(current_user(self.request)))


class ListingView(GenericAPIView[Listing]):
    permission_classes = [IsAuthenticatedOrReadOnly]
    serializer_class = ListingSerializer

    def get_queryset(self) -> QuerySet[Listing]:
        if self.request.method in {"GET", "HEAD"}:
            return selectors.with_relations(selectors.visible_to(self.request.user))
        return selectors.of_host(current_user(self.request))

    @extend_schema(
        operation_id="read_listing",
        responses=PolymorphicProxySerializer(
            component_name="ReadListing",
            serializers=[ListingSerializer, PublicListingSerializer],
            resource_type_field_name=None,
        ),
        examples=[
            OpenApiExample("For everybody", PUBLIC_LISTING, response_only=True),
            OpenApiExample("For its host and expected guests", LISTING, response_only=True),
        ],
        parameters=[conditional.ETAG],
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Read one: what is published, your own, or where you have booked.

        Its street and its exact place are for its host, and for guests whose booking is confirmed.
        """
        listing: Any = self.get_object()  # with what its selector adds
        serializer = ListingSerializer if listing.is_exact else PublicListingSerializer
        return conditional.unless_known(request, full_answer(listing, serializer=serializer))

    @extend_schema(
        operation_id="change_listing",
        parameters=[conditional.IF_MATCH, conditional.ETAG],
        extensions=links(publish_listing=NEXT, delete_listing=NEXT),
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change your own."""
        listing, versions = self.get_object(), conditional.parse_if_match(request)
        serializer = self.get_serializer(listing, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        changed = services.change(
            listing=listing,
            user=current_user(request),
            versions=versions,
            **serializer.validated_data,
        )
        return full_answer(changed)

    @extend_schema(
        operation_id="delete_listing", parameters=[conditional.IF_MATCH], responses={204: None}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Delete your own draft. What has been published can be archived."""
        services.delete(
            listing=self.get_object(),
            user=current_user(request),
            versions=conditional.parse_if_match(request),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class StepView(GenericAPIView[Listing]):
    """Lead your own listing into another state."""

    permission_classes = [IsAuthenticated]
    serializer_class = ListingSerializer

    def get_queryset(self) -> QuerySet[Listing]:
        return selectors.of_host(current_user(self.request))

    def step(self, request: Request, service: Callable[..., Listing]) -> Response:
        """Return all of the listing in its new state. Raises PreconditionFailed."""
        listing, versions = self.get_object(), conditional.parse_if_match(request)
        return full_answer(service(listing=listing, user=current_user(request), versions=versions))


class PublishView(StepView):
    @extend_schema(
        operation_id="publish_listing",
        request=None,
        parameters=[conditional.IF_MATCH, conditional.ETAG],
        extensions=links(archive_listing=NEXT),
    )
    def post(self, request: Request, pk: int) -> Response:
        """Show your own to everybody."""
        return self.step(request, services.publish)


class ArchiveView(StepView):
    @extend_schema(
        operation_id="archive_listing",
        request=None,
        parameters=[conditional.IF_MATCH, conditional.ETAG],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take your own off the market. Its bookings go on."""
        return self.step(request, services.archive)


def full_answer(
    listing: Listing,
    code: int = status.HTTP_200_OK,
    serializer: type[PublicListingSerializer] = ListingSerializer,
) -> Response:
    """Return all that a reader may know of a listing, and the version that it is in."""
    shown = serializer(listing).data
    headers = {
        "Cache-Control": PRIVATE,
        "ETag": conditional.version_etag(listing.version, shown),
    }
    if code == status.HTTP_201_CREATED:
        headers["Location"] = reverse("listing", kwargs={"pk": listing.pk})
    return Response(shown, code, headers=headers)
