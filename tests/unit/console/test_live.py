import asyncio
from collections.abc import AsyncIterator

import pytest

from console_client import ADMIN, PARTNER, Browser
from listener.console import live
from listener.console.live import LiveHub
from listener.console.roles import Person


async def heard(stream: AsyncIterator[str], count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [await anext(stream) for _ in range(count)]


async def listening(hub: LiveHub, person: Person) -> AsyncIterator[str]:
    stream = hub.events(person)
    assert await anext(stream) == "retry: 3000\n\n"
    return stream


def test_each_page_hears_what_its_person_may_know() -> None:
    async def run() -> None:
        hub = LiveHub()
        staff, partner = await listening(hub, ADMIN), await listening(hub, PARTNER)
        hub.publish("case", {"case_id": "case:1", "version": 2}, queue="agency")
        hub.publish("case", {"case_id": "case:2", "version": 2}, queue="legal")
        hub.publish("flow", {})
        hub.publish("case", {"case_id": "case:3", "version": 2}, queue="agency")
        assert await heard(staff, 4) == [
            'event: case\ndata: {"case_id": "case:1", "version": 2}\n\n',
            'event: case\ndata: {"case_id": "case:2", "version": 2}\n\n',
            "event: flow\ndata: {}\n\n",
            'event: case\ndata: {"case_id": "case:3", "version": 2}\n\n',
        ]
        assert [text.split('"')[3] for text in await heard(partner, 2)] == ["case:1", "case:3"]
        hub.close()
        assert [text async for text in staff] == []
        await partner.aclose()  # type: ignore[attr-defined]
        assert len(hub) == 0

    asyncio.run(run())


def test_a_page_that_falls_behind_hears_that_it_missed_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUEUED", 3)

    async def run() -> None:
        hub = LiveHub()
        stream = await listening(hub, ADMIN)
        for number in range(10):
            hub.publish("flow", {"number": number})
        await asyncio.sleep(0)
        assert await heard(stream, 4) == [
            "event: missed\ndata: {}\n\n",
            *(f'event: flow\ndata: {{"number": {number}}}\n\n' for number in (7, 8, 9)),
        ]

    asyncio.run(run())


def test_one_person_keeps_nobody_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MAX_OF_ONE", 2)
    client = Browser()

    async def run() -> None:
        mine = [await listening(client.hub, ADMIN) for _ in range(2)]
        assert [text async for text in client.hub.events(ADMIN)] == []
        assert client.get("/live").status_code == 503
        theirs = await listening(client.hub, PARTNER)
        await mine[0].aclose()  # type: ignore[attr-defined]
        again = await listening(client.hub, ADMIN)
        for stream in (mine[1], theirs, again):
            await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_more_than_are_taken_hear_nothing() -> None:
    async def run() -> None:
        hub = LiveHub(max_listeners=1)
        first = await listening(hub, ADMIN)
        assert [text async for text in hub.events(PARTNER)] == []
        await first.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_a_stream_ends_so_that_who_listens_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LIFE_SECONDS", 0.0)

    async def run() -> None:
        hub = LiveHub()
        assert [text async for text in hub.events(ADMIN)] == ["retry: 3000\n\n"]
        assert len(hub) == 0

    asyncio.run(run())


def test_a_closed_hub_takes_nobody() -> None:
    async def run() -> None:
        hub = LiveHub()
        hub.close()
        assert [text async for text in hub.events(ADMIN)] == []

    asyncio.run(run())
