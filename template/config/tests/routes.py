"""The routes of the URL configuration, and paths that lead to them."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from django.contrib.admindocs.views import simplify_regex
from django.urls import Resolver404, URLResolver, get_resolver, resolve

# A parameter gets the first of these that its pattern accepts.
VALUES = ("1", "2026", "2026-01-01", "00000000-0000-4000-8000-000000000000")


class Route(NamedTuple):
    """A route: `GET /api/v1/users/{id}/`, the module of its view, and `admin` for the admin site."""

    name: str
    module: str
    namespace: str


def routes(resolver: Any = None, prefix: str = "", namespace: str = "") -> Iterator[Route]:
    """Yield each method of each URL pattern."""
    for each in (resolver or get_resolver()).url_patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, pattern, namespace or each.app_name or "")
        else:
            module = _class_of(each.callback).__module__
            for method in _methods_of(each.callback):
                yield Route(f"{method} {_path_of(pattern)}", module, namespace)


def fill(path: str) -> str:
    """Return a path with values for its parameters, such that it leads to its route if possible."""
    for value, suffix in product(VALUES, ("json", ".json")):
        filled = re.sub(r"{\w+}", value, path.replace("{format}", suffix))
        try:
            if filled == path or _path_of(resolve(filled).route) == path:
                return filled
        except Resolver404:
            continue
    return path


def _path_of(pattern: str) -> str:
    """Return the path of a pattern as the OpenAPI document has it."""
    path = re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", simplify_regex(pattern).replace("\\.", "."))
    return path.replace("{pk}", "{id}")


def _class_of(view: Any) -> Any:
    """Return the class of a view, or the view if it is a function."""
    return getattr(view, "cls", None) or getattr(view, "view_class", view)


def _methods_of(view: Any) -> list[str]:
    """Return the methods of a view. A function may reject one of these two with 405."""
    kind = _class_of(view)
    if kind is view:
        return ["GET", "POST"]
    names = [name for name in getattr(kind, "http_method_names", ()) if hasattr(kind, name)]
    # A ViewSet has `actions` instead of methods.
    names = [*(getattr(view, "actions", None) or names)]
    return [name.upper() for name in names if name not in {"head", "options"}]
