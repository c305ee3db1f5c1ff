from django.urls import path

from apps.reviews.api import views

urlpatterns = [
    path("listings/<int:pk>/reviews/", views.ReviewListView.as_view(), name="reviews"),
    path("bookings/<int:pk>/review/", views.ReviewView.as_view(), name="review-stay"),
]
