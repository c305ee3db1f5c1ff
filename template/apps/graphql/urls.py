from django.urls import path

from apps.graphql.graphiql import GraphiQLView
from apps.graphql.views import GraphQLView

urlpatterns = [
    path("api/graphql/", GraphQLView.as_view(), name="graphql"),
    path("graphiql/", GraphiQLView.as_view(), name="graphiql"),
]
