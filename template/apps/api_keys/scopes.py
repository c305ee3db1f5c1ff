"""Scopes: what a key may do. `API_KEY_RESOURCES` in the settings names the views.

The scopes of a resource are `RESOURCE:read` for safe methods, and `RESOURCE:write` for the others.
`read` and `write` are those of all resources.
"""

from typing import Any

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS

ACCESS = ("read", "write")


def all_scopes() -> list[str]:
    resources = settings.API_KEY_RESOURCES
    return [*ACCESS, *(f"{name}:{access}" for name in resources for access in ACCESS)]


def scopes_for(view: Any, method: str) -> list[str]:
    """Return the scopes of which a key needs one to call a view: none if no key may call it."""
    access = "read" if method in SAFE_METHODS else "write"
    name = f"{type(view).__module__}.{type(view).__qualname__}"
    names = (each for each, views in settings.API_KEY_RESOURCES.items() if name in views)
    return [scope for each in names for scope in (access, f"{each}:{access}")]
