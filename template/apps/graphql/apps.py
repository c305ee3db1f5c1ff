from django.apps import AppConfig


class GraphQLConfig(AppConfig):
    name = "apps.graphql"
    verbose_name = "GraphQL"
