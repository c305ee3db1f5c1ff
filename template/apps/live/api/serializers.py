from typing import Any

from rest_framework import serializers

from apps.common.schema import examples


@examples(response={"ticket": "WyI5ZjQ…"})
class TicketSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField(read_only=True)
