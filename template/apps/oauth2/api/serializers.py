from typing import Any

from rest_framework import serializers

from apps.common.schema import examples


@examples(
    response={
        "id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "name": "Photo album",
        "scopes": ["openid", "read"],
        "since": "2026-11-25T09:30:00Z",
    }
)
class ApplicationSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.SerializerMethodField()
    since = serializers.DateTimeField()

    def get_scopes(self, application: Any) -> list[str]:
        return sorted(application.scopes)
