"""The endpoints that differ in version 2."""

from django.urls import path

from apps.listings.api import lists

urlpatterns = [path("listings/", lists.ListingListV2View.as_view(), name="listings-v2")]
