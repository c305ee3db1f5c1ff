"""Prints the entity-relationship diagrams of this project's models, one for each app: `make diagram`."""

from collections.abc import Iterator
from typing import Any

import django
from django.apps import apps
from django.db.models import Model

INTRODUCTION = """<!-- Generated from the models: run `make diagram`. -->
# Models

A diagram for each app, with its models and the models of other apps that they refer to. `PK` is a primary key, `FK` a foreign
key, `UK` a unique value. `||` means exactly one, `|o` none or one, `o{` any number.
"""


def page() -> Iterator[str]:
    yield INTRODUCTION
    for app in apps.get_app_configs():
        # Without tables that keep the history of another one.
        models = [model for model in app.get_models() if not hasattr(model, "history_object")]
        if app.name.startswith("apps.") and models:
            yield f"\n## {app.name}\n\n```mermaid\nerDiagram\n"
            yield from (line for model in models for line in entity(model))
            yield from (line for model in models for line in relations(model))
            yield "```\n"


def options(model: type[Model]) -> Any:
    return model._meta  # noqa: SLF001  # Django's documented name


def entity(model: type[Model]) -> Iterator[str]:
    unique = {constraint.fields for constraint in options(model).total_unique_constraints}
    yield f"  {model.__name__} " + "{\n"
    for field in options(model).local_fields:
        is_unique = field.unique or (field.name,) in unique
        keys = ["FK"] * field.is_relation + ["PK" if field.primary_key else "UK"] * is_unique
        kind = field.get_internal_type().removesuffix("Field")
        yield f"    {kind} {field.name} {', '.join(keys)}".rstrip() + "\n"
    yield "  }\n"


def relations(model: type[Model]) -> Iterator[str]:
    for field in (*options(model).local_fields, *options(model).local_many_to_many):
        other = options(field.related_model) if field.is_relation else None
        if other and other.app_config.name.startswith("apps."):
            is_own = other.app_label == options(model).app_label
            name = other.object_name if is_own else f'"{other.label}"'
            yield f"  {name} {cardinality(field)} {model.__name__} : {field.name}\n"


def cardinality(field: Any) -> str:
    start = "}o" if field.many_to_many else "|o" if field.null else "||"
    return f"{start}--{'o|' if field.one_to_one else 'o{'}"


if __name__ == "__main__":
    django.setup()
    print("".join(page()), end="")
