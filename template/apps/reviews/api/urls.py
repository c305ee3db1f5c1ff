from django.urls import path

from apps.reviews.api import views

urlpatterns = [
    path("listings/<id:pk>/reviews/", views.ReviewListView.as_view(), name="reviews"),
    path("bookings/<id:pk>/review/", views.ReviewView.as_view(), name="booking-review"),
]
