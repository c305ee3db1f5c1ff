from django.urls import path

from apps.outlook.api.views import OutlookView

urlpatterns = [path("listings/<id:pk>/outlook/", OutlookView.as_view(), name="listing-outlook")]
