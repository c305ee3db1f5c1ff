from django.urls import path

from apps.live.api import views

urlpatterns = [
    path("live/tickets/", views.TicketView.as_view(), name="live-tickets"),
    path("events/", views.EventStreamView.as_view(), name="events"),
]
