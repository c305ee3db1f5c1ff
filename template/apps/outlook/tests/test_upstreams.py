import asyncio

from apps.outlook import upstreams


def test_an_event_loop_that_has_ended_leaves_no_client() -> None:
    async def use_client() -> bool:
        client = await upstreams._client()  # noqa: SLF001  # needs no upstream
        return client is await upstreams._client()  # noqa: SLF001

    assert [asyncio.run(use_client()) for _ in range(3)] == [True] * 3
    assert upstreams._clients == {}  # noqa: SLF001
