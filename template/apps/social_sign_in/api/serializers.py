from typing import Any

from allauth.socialaccount.models import SocialAccount
from rest_framework import serializers

from apps.accounts.api.serializers import DeliverySerializer, PendingSerializer
from apps.common.schema import examples
from apps.common.serializers import ModelSerializer


@examples(response={"id": "google", "name": "Google"})
class ProviderSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="sub_id")
    name = serializers.CharField()


class BegunSerializer(serializers.Serializer[Any]):
    session = serializers.CharField(help_text="Keep it secret: it is never part of a URL.")
    authorization_url = serializers.CharField(help_text="Open it in the browser.")


class CompletionSerializer(DeliverySerializer, PendingSerializer):
    state = serializers.CharField(max_length=64, help_text="From the URL of your page.")
    code = serializers.CharField(
        max_length=2048, required=False, help_text="From the URL of your page."
    )
    error = serializers.CharField(
        max_length=200, required=False, help_text="From the URL of your page, if it has no code."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("code" in attrs) == ("error" in attrs):
            raise serializers.ValidationError("Send either a code or an error.")
        return attrs


@examples(
    response={
        "id": 1,
        "provider": "google",
        "created_at": "2026-11-25T09:30:00Z",
        "last_used_at": "2026-11-29T18:04:00Z",
    },
)
class ProviderLinkSerializer(ModelSerializer[SocialAccount]):
    created_at = serializers.DateTimeField(source="date_joined", read_only=True)
    last_used_at = serializers.DateTimeField(source="last_login", read_only=True)

    class Meta:
        model = SocialAccount
        fields = ("id", "provider", "created_at", "last_used_at")
        read_only_fields = fields
