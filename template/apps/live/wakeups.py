"""Wake-ups: they tell the processes that serve live events whose streams have grown.

A wake-up has the ids of users and nothing else. The channel layer may lose some, or repeat them: each
connection reads the rows that follow the last event that it has sent, so that a client sees neither a
gap nor a duplicate. What a lost wake-up delays, the next one or LIVE_POLL_SECONDS brings.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from apps.common.cache import CircuitBreaker

GROUP = "live"
TIMEOUT = 1  # seconds that a request waits for the channel layer
PAUSE = 5  # seconds after a failure

circuit_breaker = CircuitBreaker(
    pause=PAUSE, failure="channel_layer_unavailable", recovery="channel_layer_recovered"
)


def send(user_ids: Sequence[int]) -> None:
    """Wake the connections of users, in all processes. Logs a failure once, and raises none."""
    if circuit_breaker.allows_call():
        try:
            async_to_sync(_send)({"type": "live.wake", "users": list(user_ids)})
        except Exception as error:  # noqa: BLE001  # of whatever library the layer has
            circuit_breaker.failed(error)
        else:
            circuit_breaker.succeeded()


async def _send(message: dict[str, Any]) -> None:
    layer: Any = get_channel_layer()
    await asyncio.wait_for(layer.group_send(GROUP, message), TIMEOUT)


async def listen(wake: Callable[[int], None]) -> None:
    """Call `wake` with each user whose stream has grown, for ever. Logs an outage once, and its end.

    After an outage, the layer subscribes again. It does not tell of either, but a message to nobody
    fails meanwhile.
    """
    receiver: asyncio.Task[None] | None = None
    try:
        while True:
            try:
                # First: the layer keeps the queue of a channel that it cannot subscribe to.
                await _send({"type": "live.wake", "users": []})
                if receiver is None:
                    receiver = asyncio.create_task(_receive(wake))
                elif receiver.done():
                    ended, receiver = receiver, None
                    ended.result()
                else:
                    circuit_breaker.succeeded()
            except Exception as error:  # noqa: BLE001  # of whatever library the layer has
                circuit_breaker.failed(error)
            await asyncio.sleep(PAUSE)
    finally:
        if receiver is not None:
            receiver.cancel()


async def _receive(wake: Callable[[int], None]) -> None:
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(GROUP, channel)
    while True:
        for user_id in (await layer.receive(channel))["users"]:
            wake(user_id)
