"""What version 2 does otherwise. All the rest is version 1."""

from django.urls import path

from apps.listings.api import views

urlpatterns = [path("listings/", views.ListingListV2View.as_view(), name="listings-v2")]
