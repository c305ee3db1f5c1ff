"""The system check of the schema, so that a mistake in it is found before the first request."""

from typing import Any

from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured

from apps.graphql.schema import get_schema


def check_schema(**_: Any) -> list[Error]:
    """Return an error for a root field that is not declared as it must be."""
    try:
        get_schema()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="graphql.E001")]
    return []
