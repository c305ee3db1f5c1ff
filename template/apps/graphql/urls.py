from django.urls import path

from apps.graphql.views import GraphQLView

urlpatterns = [path("", GraphQLView.as_view(), name="graphql")]
