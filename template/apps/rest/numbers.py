from typing import Any

from django import forms
from django_filters import NumberFilter

from apps.common.numbers import LARGEST, plain_number


class PlainNumberField(forms.IntegerField):
    """A form field for `plain_number`."""

    def to_python(self, value: Any) -> int | None:
        """Return the number, or None for an empty value. Raises ValidationError."""
        if value in self.empty_values:
            return None
        try:
            return plain_number(value, most=LARGEST)
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class PlainNumberFilter(NumberFilter):  # type: ignore[misc]  # has no types
    """A filter by a whole number that has one spelling: no sign, no leading zeros."""

    field_class = PlainNumberField
