"""The parts of an outlook, each from an upstream: the weather at a listing, and its price.

A request to the first, and its response:

    GET WEATHER_URL?latitude=9.03&longitude=38.74
    {"days": [{"date": "2026-12-01", "low": 9.5, "high": 23.0}]}

And to the second. A price times the rate is the price in the other currency:

    GET EXCHANGE_RATES_URL?base=ETB&target=EUR
    {"rate": 0.0071}
"""

import asyncio
from collections.abc import Awaitable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from rest_framework import serializers

from apps.listings.models import PUBLIC_DECIMAL_PLACES, Listing
from apps.outlook.upstreams import Reason, Upstream, UpstreamError

DEADLINE = 2.0  # seconds for all upstreams together
MAX_DAYS = 16

weather_service = Upstream("WEATHER_URL")
exchange_rates = Upstream("EXCHANGE_RATES_URL")


class DaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    low = serializers.FloatField(min_value=-100, max_value=100, help_text="In degrees Celsius.")
    high = serializers.FloatField(min_value=-100, max_value=100, help_text="In degrees Celsius.")


class ForecastSerializer(serializers.Serializer[Any]):
    days = serializers.ListField(child=DaySerializer(), max_length=MAX_DAYS)


class RateSerializer(serializers.Serializer[Any]):
    rate = serializers.FloatField(min_value=1e-6, max_value=1e6)


async def outlook(listing: Listing, currency: str) -> dict[str, Any]:
    """Return all parts, each with the reason if it has nothing to show."""
    deadline = asyncio.get_running_loop().time() + DEADLINE
    async with asyncio.TaskGroup() as group:
        weather = group.create_task(_part(_days(listing, deadline), days=None))
        price = group.create_task(
            _part(_amount(listing, currency, deadline), amount=None, currency=currency)
        )
    return {"weather": weather.result(), "price": price.result()}


async def _part(values: Awaitable[dict[str, Any]], **defaults: Any) -> dict[str, Any]:
    try:
        return defaults | await values | {"reason": None}
    except UpstreamError as error:
        return defaults | {"reason": error.reason}


async def _days(listing: Listing, deadline: float) -> dict[str, Any]:
    place = {
        "latitude": round(listing.latitude, PUBLIC_DECIMAL_PLACES),
        "longitude": round(listing.longitude, PUBLIC_DECIMAL_PLACES),
    }
    return _validated(ForecastSerializer, await weather_service.get(place, deadline))


async def _amount(listing: Listing, currency: str, deadline: float) -> dict[str, Any]:
    if currency == listing.currency:
        return {"amount": listing.price}
    pair = {"base": listing.currency, "target": currency}
    rate = _validated(RateSerializer, await exchange_rates.get(pair, deadline))["rate"]
    # A minor unit is a hundredth in each of the currencies.
    amount = (listing.price * Decimal(str(rate))).quantize(Decimal(1), ROUND_HALF_EVEN)
    return {"amount": int(amount)}


def _validated(kind: type[serializers.Serializer[Any]], content: Any) -> dict[str, Any]:
    serializer = kind(data=content)
    if not serializer.is_valid():
        raise UpstreamError(Reason.INVALID)
    validated: dict[str, Any] = serializer.validated_data
    return validated
