from typing import Any, ClassVar
from unittest import mock

from rest_framework import serializers

from apps.common.serializers import ModelSerializer
from apps.users.models import User


def test_the_fields_of_a_class_are_derived_from_the_model_once() -> None:
    class Required(ModelSerializer[User]):
        class Meta:
            model = User
            fields = ("id", "name")
            extra_kwargs: ClassVar[Any] = {"name": {"required": True}}

    class Renamed(Required):
        class Meta(Required.Meta):
            extra_kwargs = {"name": {"label": "Call me"}}

    derive = serializers.ModelSerializer.build_field
    with mock.patch.object(
        serializers.ModelSerializer, "build_field", autospec=True, side_effect=derive
    ) as build:
        for _ in range(2):
            required, renamed = Required().fields["name"], Renamed().fields["name"]
            assert (required.required, renamed.required) == (True, False)
            assert (str(required.label), renamed.label) == ("Name", "Call me")
            # A change of a field stays in its instance.
            required.required = False
            required.validators.clear()
    assert build.call_count == 4
    assert Required().fields["name"].validators
