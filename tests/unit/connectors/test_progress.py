"""What sources and the form tell about themselves."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from listener.connectors.feedback_form import FormOptions, feedback_app
from listener.connectors.intake import Counts
from listener.connectors.progress import SourceProgress
from listener.domain.errors import ServiceError
from listener.domain.mention import Mention
from listener.examples import examples


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def test_a_source_counts_what_came_since_it_last_told() -> None:
    progress = SourceProgress("told")
    assert value("listener_source_published_total", source="told") == 0
    assert not progress.well
    counts = Counts(items=5, published=4, rejected=1)
    progress.succeeded(counts)
    counts.published, counts.rejected = 10, 1
    progress.succeeded(counts)
    assert progress.well
    assert value("listener_source_published_total", source="told") == 10
    assert value("listener_source_rejected_total", source="told") == 1
    last = value("listener_source_last_success_timestamp_seconds", source="told")
    assert last == pytest.approx(time.time(), abs=60)


def test_a_source_that_fails_is_not_well_until_it_succeeds() -> None:
    progress = SourceProgress("failing")
    progress.succeeded(Counts())
    progress.failed()
    assert not progress.well
    assert value("listener_source_failures_total", source="failing") == 1
    progress.succeeded(Counts())
    assert progress.well


def test_the_form_counts_answers_by_status_and_made_up_methods_as_one() -> None:
    def deliver(topic: str, key: str, value: bytes) -> None:
        raise ServiceError("Kafka is away")

    mention = examples()[Mention]
    assert isinstance(mention, Mention)
    app = feedback_app(
        "web-form", FormOptions(), deliver=deliver, ping=lambda: None, now=lambda: mention.received_at
    )

    def counted(method: str, status: int) -> float:
        return value("listener_form_requests_total", method=method, status=str(status)) or 0

    async def visit() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://form") as client:
            await client.get("/")
            await client.post("/feedback", json={"message": "Nobody answers."})
            await client.request("BREW", "/feedback")
            await client.request("STEEP", "/feedback")

    before = {case: counted(*case) for case in (("GET", 200), ("POST", 503), ("other", 405))}
    asyncio.run(visit())
    after: dict[Any, float] = {case: counted(*case) for case in before}
    assert {case: after[case] - before[case] for case in before} == {
        ("GET", 200): 1,
        ("POST", 503): 1,
        ("other", 405): 2,
    }
