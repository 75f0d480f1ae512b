"""Whose a dead letter is, and that a source with too many raises an alert, the others none."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from listener.domain.enriched import EnrichedMention
from listener.domain.governance import Alert
from listener.domain.mention import Mention
from listener.domain.origin import LOOK_BYTES, Origin, origin_of
from listener.domain.poison import PoisonRule
from listener.examples import examples
from stream.poison import MAX_SOURCES, SourceWatch, origin_of_value
from stream.send import Record

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = PoisonRule(dead_letters=10)
MENTION = examples()[Mention]
ENRICHED = examples()[EnrichedMention]


@dataclass
class Message:
    value: bytes | None
    headers: Any = ()
    topic: str = "mentions.raw"


def said(source: str, **fields: object) -> Mention:
    assert isinstance(MENTION, Mention)
    return MENTION.model_copy(update={"source": source, "historical": False} | fields)


def told(records: list[Record]) -> list[str]:
    return [Alert.read(record.value or b"").subject for record in records]


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        (Message(b"\xff", [("listener-source", b"forum")]), Origin("forum", True)),
        (Message(b"\xff", [("listener-source", b"forum")], "mentions.backfill"), Origin("forum", False)),
        (Message(b'{"source": "forum", "text": 7}'), Origin("forum", True)),
        (Message(b'{"source": "forum", "historical": true}'), Origin("forum", False)),
        (Message(b'{"mention": {"source": "forum"}}', topic="mentions.enriched"), Origin("forum", True)),
        (Message(b'{"deletion": {"source": "forum", "historical": true}}'), Origin("forum", False)),
        (Message(b'{"source": "forum"}', None, "mentions.backfill"), Origin("forum", False)),
        (Message(b"\xff\xfe"), Origin(None, False)),
        (Message(b"[]"), Origin(None, False)),
        (Message(b'{"source": 7}'), Origin(None, False)),
        (Message(b'{"source": ""}'), Origin(None, False)),
        (Message(None), Origin(None, False)),
        (Message(b"[" * 100_000), Origin(None, False)),
        (Message(b'{"source": "forum", "text": "' + b"x" * LOOK_BYTES + b'"}'), Origin(None, False)),
    ],
)
def test_whose_a_record_is(message: Message, origin: Origin) -> None:
    assert origin_of(message) == origin


def test_a_name_that_is_no_name_of_ours_is_cut_and_never_fails() -> None:
    assert origin_of(Message(b"", [("listener-source", b"\xff" * 1000)])).source == "�" * 100
    long = orjson.dumps({"source": "s" * 1000})
    assert origin_of(Message(long)).source == "s" * 100


def test_whose_a_decoded_value_is() -> None:
    assert origin_of_value(said("forum")) == Origin("forum", True)
    assert origin_of_value(said("forum", historical=True)) == Origin("forum", False)
    assert isinstance(ENRICHED, EnrichedMention)
    enriched = ENRICHED.model_copy(update={"mention": said("forum")})
    assert origin_of_value(enriched) == Origin("forum", True)
    assert origin_of_value(object()).source is None


def test_only_the_source_of_the_dead_letters_is_told() -> None:
    watch = SourceWatch({"forum": RULE, "mail": RULE})
    values = [said("forum")] * 10 + [said("mail")] * 10
    dead = [(Message(said("forum").to_json()), True)] * 10
    assert told(watch.count(values, dead, NOW)) == ["forum"]


def test_what_could_not_be_decoded_counts_as_an_item_too() -> None:
    watch = SourceWatch({"forum": PoisonRule(dead_letters=10, share=1.0)})
    dead = [(Message(b"\xff", [("listener-source", b"forum")]), False)] * 10
    assert told(watch.count([], dead, NOW)) == ["forum"]


def test_a_rule_of_its_own_or_the_usual_one() -> None:
    watch = SourceWatch({"forum": RULE})
    poison = [(Message(b"\xff", [("listener-source", name)]), False) for name in (b"forum", b"mail") * 50]
    assert told(watch.count([], poison, NOW)) == ["forum"]
    assert told(watch.count([], poison, NOW)) == ["mail"], "a hundred, of all that came"


def test_an_import_raises_nothing() -> None:
    watch = SourceWatch({"forum": RULE})
    message = Message(b"\xff", [("listener-source", b"forum")], "mentions.backfill")
    assert watch.count([said("forum", historical=True)] * 99, [(message, False)] * 99, NOW) == []


def test_names_that_are_made_up_fill_no_memory() -> None:
    watch = SourceWatch({})
    for number in range(3 * MAX_SOURCES):
        watch.count([said(f"made-up-{number}")], [], NOW)
    assert len(watch._tallies) == MAX_SOURCES
