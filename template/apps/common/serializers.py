"""DRF's ModelSerializer, which would derive each field from the model again for every instance.

Here a field is the same in each instance of a class. Its arguments may depend on the request, in
`get_extra_kwargs`.
"""

from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers

M = TypeVar("M", bound=Model)


class StoredListField(serializers.ListField):
    """A list that is shown as it is stored. A projection passes its JSON through."""

    is_unchanged = True

    def to_representation(self, data: Any) -> Any:
        return data


# No docstring: the OpenAPI document would describe each serializer with it.
class ModelSerializer(serializers.ModelSerializer[M]):
    _built: dict[str, tuple[Any, dict[str, Any]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._built = {}

    def build_field(self, field_name: str, *args: Any) -> tuple[Any, dict[str, Any]]:
        """Return the class of a field and the arguments to create it with."""
        if field_name not in self._built:
            self._built[field_name] = super().build_field(field_name, *args)
        kind, arguments = self._built[field_name]
        # DRF changes the arguments.
        return kind, {**arguments}
