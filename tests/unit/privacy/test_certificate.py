"""Each place with its date, in words that hold for the settings that are in force."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.domain.topics import ALL, CHANGELOGS, NOT_ABOUT_PEOPLE
from listener.privacy.certificate import Certificate, Place, places, readable

AT = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = {topic.name: topic.config() for topic in (*ALL, *CHANGELOGS)}


def made(*, stages_done: bool = True, tables_done: bool = True) -> dict[str, Place]:
    found = {"topic mentions.raw": 3, "topic links": 1, "table mentions": 2, "log worker-1.log": 4}
    told = places(
        found, SETTINGS, AT, stages_done=stages_done, tables_done=tables_done, old_parts_seconds=480
    )
    return {place.place: place for place in told}


def test_every_topic_table_and_view_is_told() -> None:
    told = made()
    assert {f"topic {topic.name}" for topic in (*ALL, *CHANGELOGS)} < told.keys()
    assert {
        "table mentions",
        "table dead_letters",
        "view current_mentions",
        "logs of this machine",
    } < told.keys()
    assert told["topic mentions.raw"].found == 3
    assert told["logs of this machine"].found == 4


def test_by_default_nothing_is_kept_beyond_thirty_days() -> None:
    latest = max(place.gone_by for place in made().values() if place.gone_by is not None)
    assert latest <= AT + timedelta(days=30, minutes=5)


def test_places_about_nobody_have_no_date() -> None:
    told = made()
    for topic in NOT_ABOUT_PEOPLE:
        assert (told[f"topic {topic.name}"].done, told[f"topic {topic.name}"].gone_by) == ("nothing", None)


@pytest.mark.parametrize(
    ("done", "place"),
    [({"stages_done": False}, "topic links"), ({"tables_done": False}, "table mentions")],
)
def test_what_is_not_carried_out_is_pending(done: dict[str, bool], place: str) -> None:
    assert made(**done)[place].done == "pending"


def test_it_names_nobody_and_says_what_lies_outside() -> None:
    certificate = Certificate(
        subjects=("ab12",),
        said_until=AT,
        carried_out_at=AT,
        by="K. Agent",
        complete=True,
        places=tuple(made().values()),
    )
    text = readable(certificate)
    assert "backups" in text
    assert "topic mentions.raw" in text
    assert Certificate.read(certificate.to_json()) == certificate
