from typing import Any

from rest_framework import serializers

from apps.common.schema import examples
from apps.listings.models import Currency
from apps.outlook.parts import MAX_DAYS, DaySerializer
from apps.outlook.upstreams import Reason


class OutlookQuerySerializer(serializers.Serializer[Any]):
    currency = serializers.ChoiceField(choices=Currency.choices, default=Currency.EUR)


class WeatherSerializer(serializers.Serializer[Any]):
    days = serializers.ListField(child=DaySerializer(), max_length=MAX_DAYS, allow_null=True)
    reason = serializers.ChoiceField(choices=Reason.choices, allow_null=True)


class PriceSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(
        allow_null=True, min_value=0, help_text="A night, in minor units."
    )
    currency = serializers.ChoiceField(choices=Currency.choices)
    reason = serializers.ChoiceField(choices=Reason.choices, allow_null=True)


@examples(
    response={
        "weather": {
            "days": [{"date": "2026-12-01", "low": 9.5, "high": 23.0}],
            "reason": None,
        },
        "price": {"amount": None, "currency": "EUR", "reason": "timeout"},
    }
)
class OutlookSerializer(serializers.Serializer[Any]):
    """What other services say about a listing. A part is null with the reason if one does not."""

    weather = WeatherSerializer()
    price = PriceSerializer()
