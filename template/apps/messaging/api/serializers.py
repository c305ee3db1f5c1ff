from rest_framework import serializers

from apps.common.schema import examples
from apps.common.serializers import ModelSerializer
from apps.messaging.models import Message


@examples(
    request={"text": "We arrive at six."},
    response={
        "id": 5,
        "sender": "Hanna",
        "text": "We arrive at six.",
        "created_at": "2027-08-01T16:20:00Z",
    },
)
class MessageSerializer(ModelSerializer[Message]):
    sender = serializers.CharField(source="sender.name", read_only=True)

    class Meta:
        model = Message
        fields = ("id", "sender", "text", "created_at")
        read_only_fields = ("id", "created_at")
