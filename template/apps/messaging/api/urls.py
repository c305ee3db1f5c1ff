from django.urls import path

from apps.messaging.api import views

urlpatterns = [
    path("bookings/<id:pk>/messages/", views.MessageListView.as_view(), name="booking-messages"),
]
