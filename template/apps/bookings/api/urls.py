from django.urls import path

from apps.bookings.api import views

urlpatterns = [
    path("bookings/", views.BookingListView.as_view(), name="bookings"),
    path("bookings/<id:pk>/", views.BookingView.as_view(), name="booking"),
    path("bookings/<id:pk>/confirm/", views.ConfirmView.as_view(), name="confirm-booking"),
    path("bookings/<id:pk>/decline/", views.DeclineView.as_view(), name="decline-booking"),
    path("bookings/<id:pk>/cancel/", views.CancelView.as_view(), name="cancel-booking"),
]
