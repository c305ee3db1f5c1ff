"""Dates with one spelling, YYYY-MM-DD: the `full-date` of RFC 3339, and `format: date` in OpenAPI.

Django and DRF also accept 2030-1-5, 20300105, 2030-W01-1 and the digits of every script, and a
filter 1/5/2030, which is another day in another country.
"""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters import DateFilter
from rest_framework import serializers

PLAIN_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def plain_date(text: str) -> date:
    """Return the date. Raises ValueError."""
    if PLAIN_DATE.fullmatch(text):
        return date.fromisoformat(text)
    raise ValueError("This is not a date in the format YYYY-MM-DD.")


class PlainDateField(serializers.DateField):
    """A field for `plain_date` in a body."""

    def to_internal_value(self, value: Any) -> date:
        try:
            return plain_date(value)
        except (TypeError, ValueError):
            self.fail("invalid", format="YYYY-MM-DD")


class PlainDateFormField(forms.DateField):
    """A form field for `plain_date`."""

    default_error_messages = {"invalid": _("Enter a date in the format YYYY-MM-DD.")}

    def to_python(self, value: Any) -> date | None:
        """Return the date, or None for an empty value. Raises ValidationError."""
        if value in self.empty_values:
            return None
        try:
            return plain_date(value)
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class PlainDateFilter(DateFilter):  # type: ignore[misc]  # has no types
    """A filter by a date in a query."""

    field_class = PlainDateFormField
