from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Error, register
from django.core.exceptions import ImproperlyConfigured


class GraphQLConfig(AppConfig):
    name = "apps.graphql"
    verbose_name = "GraphQL"

    def ready(self) -> None:
        register(check_schema)


def check_schema(**_: Any) -> list[Error]:
    """Return an error for a root field that is not declared as it must be.

    So a mistake in the schema is found before the first request.
    """
    from apps.graphql.schema import get_schema  # noqa: PLC0415  # needs the models

    try:
        get_schema()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="graphql.E001")]
    documents: object = settings.GRAPHQL_DOCUMENTS
    if not isinstance(documents, dict | None):
        text = "GRAPHQL_DOCUMENTS must be a dictionary of ids and texts: load your file in the settings."
        return [Error(text, id="graphql.E002")]
    return []
