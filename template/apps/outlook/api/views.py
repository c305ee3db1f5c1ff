from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.listings.models import Listing
from apps.listings.selectors import published
from apps.outlook.api.serializers import OutlookQuerySerializer, OutlookSerializer
from apps.outlook.parts import outlook
from apps.rest.async_views import AsyncViewMixin


class OutlookView(AsyncViewMixin, GenericAPIView[Listing]):
    permission_classes = [AllowAny]
    serializer_class = OutlookSerializer

    def get_queryset(self) -> QuerySet[Listing]:
        return published()

    @extend_schema(operation_id="get_listing_outlook", parameters=[OutlookQuerySerializer])
    async def get(self, request: Request, pk: int) -> Response:
        """Retrieve the weather at a listing, and its price in another currency.

        Both come from other services. If one is slow or unavailable, its part is null.
        """
        query = OutlookQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        listing = await self.get_queryset().filter(pk=pk).afirst()
        if listing is None:
            raise Http404
        shown = await outlook(listing, query.validated_data["currency"])
        return Response(self.get_serializer(shown).data)
