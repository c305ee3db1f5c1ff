from django.apps import AppConfig
from django.core.checks import register


class GraphQLConfig(AppConfig):
    name = "apps.graphql"
    verbose_name = "GraphQL"

    def ready(self) -> None:
        from apps.graphql.checks import check_schema  # noqa: PLC0415  # needs the models

        register(check_schema)
