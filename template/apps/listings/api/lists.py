"""The public list, in both versions: the same for all clients, so its responses are cached."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer

from apps.common.encoding import dump
from apps.common.projection import ProjectionMixin
from apps.common.schema import FIRST_ID, links
from apps.listings import selectors, services
from apps.listings.api.filters import ListingFilter, is_filtered
from apps.listings.api.serializers import (
    ListingCardSerializer,
    ListingCardV2Serializer,
    ListingSerializer,
)
from apps.listings.api.views import DETAIL_LINKS, detail_response
from apps.listings.models import CACHE_NAMESPACE, Listing
from apps.rest import conditional, deprecation
from apps.rest.authentication import StatelessAuthentication
from apps.rest.caching import read_through
from apps.rest.pagination import KeysetPagination, Ordering
from apps.rest.schema import FIRST, LIST_ETAG, LOCATION
from apps.users.selectors import current_user


def list_links(amount: str, currency: str) -> dict[str, Any]:
    """Return the OpenAPI links from a list to the operations on its first listing.

    `amount` and `currency` are the paths of the price in a card, which is the total for one night.
    """
    body = {
        "listing": FIRST_ID,
        "total": f"{FIRST}/{amount}",
        "currency": f"{FIRST}/{currency}",
    }
    first = {"path.id": FIRST_ID}
    return links(get_listing=first, list_reviews=first, create_booking={"body": body})


class PublicListView(ProjectionMixin):
    select = staticmethod(selectors.cards)
    permission_classes = [IsAuthenticatedOrReadOnly]
    pagination_class = KeysetPagination
    filter_backends = [DjangoFilterBackend]
    filterset_class = ListingFilter
    serializer_class: type[ModelSerializer[Listing]]
    orderings = {
        "newest": Ordering("id", descending=True),
        "price": Ordering("price", within="currency"),
        "-price": Ordering("price", descending=True, within="currency"),
    }

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Use stateless authentication for reads, whose responses are the same for all users."""
        # In the OpenAPI document, reads show the authentication of writes.
        if not hasattr(self, "swagger_fake_view") and self.request.method in SAFE_METHODS:
            others = self.authentication_classes[1:]
            # No cookie: browsers send it with every request.
            stateless = [each for each in others if not issubclass(each, SessionAuthentication)]
            return [StatelessAuthentication(), *(each() for each in stateless)]
        return super().get_authenticators()

    def is_filtered(self) -> bool:
        return is_filtered(self.request)

    def list_response(self, request: Request) -> HttpResponse:
        """Return the requested page, or 304. Raises ValidationError."""
        # Bookings do not invalidate the cache, so responses that depend on them are not cached.
        if "check_in" in request.query_params:
            body, etag = self.page(request)
        else:
            # The key has scheme and host, because the links in the body are absolute.
            key = f"{request.scheme}://{request.get_host()}{request.get_full_path()}"
            body, etag = read_through(CACHE_NAMESPACE, key, lambda: self.page(request))
        if conditional.matches_if_none_match(request, etag):
            response = conditional.not_modified(etag)
        else:
            response = HttpResponse(body, "application/json", headers={"ETag": etag})
        # Browsers and proxies revalidate with each request, which is cheap.
        response["Cache-Control"] = "public, max-age=0, must-revalidate"
        return response

    def page(self, request: Request) -> tuple[bytes, str]:
        """Return the requested page as JSON, and its ETag. Raises ValidationError."""
        fields = requested_fields(request, self.serializer_class)
        page = self.list(request).data
        if fields:
            page["results"] = [{name: card[name] for name in fields} for card in page["results"]]
        body = dump(page)
        return body, conditional.body_etag(body)


def requested_fields(request: Request, serializer: type[ModelSerializer[Listing]]) -> list[str]:
    """Return the fields that the client requests, or none for all. Raises ValidationError."""
    text = request.query_params.get("fields")
    if text is None:
        return []
    requested = {"id", *text.split(",")}
    if "" in requested:
        detail = "Separate the names by commas, such as id,title. Leave it out for all fields."
        raise ValidationError({"fields": detail})
    if unknown := requested.difference(serializer.Meta.fields):
        raise ValidationError({"fields": f"Unknown field: {', '.join(sorted(unknown))}."})
    return [name for name in serializer.Meta.fields if name in requested]


def fields_parameter(serializer: type[ModelSerializer[Listing]]) -> OpenApiParameter:
    """Return the OpenAPI parameter that selects fields (sparse fieldsets)."""
    names = {"type": "string", "enum": list(serializer.Meta.fields)}
    return OpenApiParameter(
        "fields",
        type={"type": "array", "items": names, "minItems": 1},
        explode=False,
        description="The fields of the response, in addition to `id`. Default: all.",
    )


class ListingListView(deprecation.DeprecatedViewMixin, PublicListView):
    serializer_class = ListingCardSerializer
    deprecated_since = datetime(2026, 11, 21, tzinfo=UTC)
    sunset = datetime(2027, 11, 21, tzinfo=UTC)
    successor = "listings-v2"

    @extend_schema(
        operation_id="list_listings",
        deprecated=True,
        responses=ListingCardSerializer(many=True),
        parameters=[
            fields_parameter(ListingCardSerializer),
            LIST_ETAG,
            *deprecation.RESPONSE_HEADERS,
        ],
        extensions=list_links("price", "currency"),
    )
    def get(self, request: Request) -> HttpResponse:
        """List the published listings. Deprecated: in version 2, a price includes its currency."""
        return self.list_response(request)

    @extend_schema(
        operation_id="create_listing",
        request=ListingSerializer,
        responses={201: ListingSerializer},
        parameters=[conditional.ETAG, LOCATION],
        extensions=links(
            update_listing=DETAIL_LINKS, publish_listing=DETAIL_LINKS, delete_listing=DETAIL_LINKS
        ),
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a draft."""
        serializer = ListingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        listing = services.create(host=current_user(request), **serializer.validated_data)
        return detail_response(ListingSerializer(listing).data, status.HTTP_201_CREATED)


class ListingListV2View(PublicListView):
    serializer_class = ListingCardV2Serializer

    @extend_schema(
        operation_id="list_listings_v2",
        responses=ListingCardV2Serializer(many=True),
        parameters=[fields_parameter(ListingCardV2Serializer), LIST_ETAG],
        extensions=list_links("price/amount", "price/currency"),
    )
    def get(self, request: Request) -> HttpResponse:
        """List the published listings."""
        return self.list_response(request)
