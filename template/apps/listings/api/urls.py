from django.urls import path

from apps.listings.api import lists, views

urlpatterns = [
    path("listings/", lists.ListingListView.as_view(), name="listings"),
    path("listings/bulk/", views.ListingBulkView.as_view(), name="listings-bulk"),
    path("listings/<id:pk>/", views.ListingView.as_view(), name="listing"),
    path("listings/<id:pk>/publish/", views.PublishView.as_view(), name="publish-listing"),
    path("listings/<id:pk>/archive/", views.ArchiveView.as_view(), name="archive-listing"),
    path("users/me/listings/", views.OwnListingListView.as_view(), name="own-listings"),
]
