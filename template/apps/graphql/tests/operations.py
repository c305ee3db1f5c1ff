"""Operations, as a client sends them."""

from typing import Any

from rest_framework.test import APIClient

URL = "/api/graphql/"


def send(client: APIClient, query: str, **variables: Any) -> Any:
    """Return the response to an operation."""
    return client.post(URL, {"query": query, "variables": variables}).json()
