from typing import Any

from rest_framework import serializers

from apps.api_keys.models import NAME_LENGTH, ApiKey
from apps.common.schema import examples
from apps.common.scopes import all_scopes
from apps.common.serializers import ModelSerializer, StoredListField
from apps.common.text import ONE_LINE

KEY = {
    "id": 1,
    "name": "Nightly export",
    "key_id": "0123456789abcdef",
    "scopes": ["read"],
    "created_at": "2026-11-25T09:30:00Z",
    "expires_at": "2027-02-23T09:30:00Z",
    "last_used_at": None,
    "revoked_at": None,
}


@examples(response=KEY)
class ApiKeySerializer(ModelSerializer[ApiKey]):
    scopes = StoredListField(child=serializers.CharField())

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            *("id", "name", "key_id", "scopes"),
            *("created_at", "expires_at", "last_used_at", "revoked_at"),
        )
        extra_kwargs = {"key_id": {"help_text": "The part of the key before the dot ends with it."}}


@examples(response={**KEY, "key": "my-service_0123456789abcdef.…"})
class CreatedApiKeySerializer(ApiKeySerializer):
    key = serializers.CharField(help_text="Send it as `Authorization: Api-Key …`. Shown only once.")

    class Meta(ApiKeySerializer.Meta):
        fields = (*ApiKeySerializer.Meta.fields, "key")


@examples(request={"name": "Nightly export", "scopes": ["read"], "expires_in_days": 90})
class ApiKeyCreateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=NAME_LENGTH, validators=[ONE_LINE])
    scopes = serializers.ListField(
        child=serializers.ChoiceField(all_scopes()), min_length=1, max_length=len(all_scopes())
    )
    expires_in_days = serializers.IntegerField(min_value=1, max_value=366, default=90)
