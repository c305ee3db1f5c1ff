"""Inputs: what a client sends, validated by the serializers of the REST API."""

from datetime import date
from enum import Enum
from typing import Any, NewType

import strawberry
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import BaseSerializer
from strawberry import UNSET

from apps.common.numbers import LARGEST, plain_number

BigInt = NewType("BigInt", int)
SCALARS: dict[object, Any] = {
    BigInt: strawberry.scalar(
        name="BigInt", description="An integer of 64 bits: `Int` has 32.", serialize=int
    )
}


def key_of(text: str) -> int:
    """Return the primary key that an id names. Raises ValidationError."""
    try:
        return plain_number(text, most=LARGEST)
    except ValueError:
        raise ValidationError({"id": "Must be a positive integer."}) from None


def values_of(given: Any) -> dict[str, Any]:
    """Return the fields of an input that the client has set, as in a body of the REST API."""
    fields: dict[str, Any] = _plain(strawberry.asdict(given))
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each is not UNSET}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def validated(serializer: type[BaseSerializer[Any]], given: Any, **options: Any) -> dict[str, Any]:
    """Return the fields of an input as a service takes them. Raises ValidationError."""
    checked = serializer(data=values_of(given), **options)
    checked.is_valid(raise_exception=True)
    fields: dict[str, Any] = checked.validated_data
    return fields
