"""The trail: off unless wanted, a line for each mention and stage, ids only."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from fakes.fetched import FakeFetched
from fakes.outlet import FakeOutlet
from listener.connectors.connector import NativeDeletion, NativeItem, Source
from listener.connectors.index import Index
from listener.connectors.intake import Intake
from listener.connectors.parked import Parked
from listener.domain.case import Case
from listener.domain.enriched import EnrichedDeletion, EnrichedMention
from listener.domain.mention import Mention, MentionDeleted
from listener.examples import examples
from listener.trail import TRAIL, tell
from sinks.trail import tell_stored
from stream.progress import Progress

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def trail(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, TRAIL.name):
        yield caplog


def take(outlet: FakeOutlet) -> Intake:
    intake = Intake(Source("net", "net"), outlet, Index(), Parked(), lambda: NOW)
    item = NativeItem(native_id="7", text="secret", occurred_at=NOW, author="ann", origin="t")
    intake.take([item, NativeDeletion(native_id="7", deleted_at=NOW, origin="t")])
    return intake


def test_a_connector_tells_what_the_broker_has(trail: pytest.LogCaptureFixture) -> None:
    intake = take(FakeOutlet())
    assert trail.messages == []
    intake.commit(None)
    intake.commit(None)
    assert trail.messages == [
        "stage=connector mention_id=net:7 revision=0 source=net topic=mentions.raw",
        "stage=connector mention_id=net:7 revision=deleted source=net topic=mentions.raw",
    ]


def test_without_the_setting_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, TRAIL.name):
        take(FakeOutlet()).commit(None)
    assert caplog.messages == []


def test_a_stage_tells_of_mentions_and_deletions(trail: pytest.LogCaptureFixture) -> None:
    made = examples()
    values = [made[kind] for kind in (EnrichedMention, EnrichedDeletion, MentionDeleted, Case)]
    Progress("triage").batch_done([FakeFetched(number) for number in range(4)], iter(values), 0, 0.1)
    enriched, deletion = values[0], values[2]
    assert isinstance(enriched, EnrichedMention)
    assert isinstance(deletion, MentionDeleted)
    assert [message.split(" revision=")[0] for message in trail.messages] == [
        f"stage=triage mention_id={enriched.mention.mention_id}",
        *[f"stage=triage mention_id={deletion.mention_id}"] * 2,
    ]


def test_a_sink_tells_of_mentions_and_of_cases_by_their_first_mention(
    trail: pytest.LogCaptureFixture,
) -> None:
    made = examples()
    enriched, case = made[EnrichedMention], made[Case]
    assert isinstance(enriched, EnrichedMention)
    assert isinstance(case, Case)
    records: list[Any] = [
        SimpleNamespace(topic="mentions.enriched", value=enriched.to_json()),
        SimpleNamespace(topic="triage", value=case.to_json()),
        SimpleNamespace(topic="triage", value=None),
        SimpleNamespace(topic="audit", value=b"{}"),
    ]
    tell_stored("clickhouse", records)
    mention = enriched.mention
    assert trail.messages == [
        f"stage=clickhouse mention_id={mention.mention_id} revision={mention.revision} topic=mentions.enriched",
        f"stage=clickhouse mention_id={case.anchor} topic=triage case_id={case.case_id} version={case.version}",
    ]
    assert isinstance(mention, Mention)
    assert mention.text not in trail.text


def test_an_id_that_reads_as_several_words_is_quoted(trail: pytest.LogCaptureFixture) -> None:
    tell("connector", 'net:a stage=b "c"')
    assert trail.messages == [r'stage=connector mention_id="net:a stage=b \"c\""']
