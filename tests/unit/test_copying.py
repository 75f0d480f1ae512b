"""A copy of an installation that goes on meanwhile lacks nothing that its cursors have passed."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from fakes.outlet import FakeOutlet
from listener.copying import copy_topics
from listener.domain.topics import ALL, FROM_OUTSIDE


class Other:
    """An installation in which one more record comes to every topic with each topic that is read."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self, topic: str) -> Iterator[Any]:
        self.reads += 1
        for number in range(self.reads):
            headers = [("attempt", b"2")]
            yield SimpleNamespace(
                key=f"{topic} {number % 2}".encode(), value=str(number).encode(), headers=headers
            )


def test_cursors_are_older_than_what_they_stand_behind_and_written_after_it() -> None:
    other, outlet = Other(), FakeOutlet()
    counts: dict[str, int] = {}
    copy_topics(other.read, outlet, counts.__setitem__)
    assert set(counts) == {topic.name for topic in FROM_OUTSIDE}
    assert counts["connector.cursors"] < counts["mentions.raw"]
    assert counts["connector.parked"] < counts["mentions.raw"]
    order = [topic for topic in dict.fromkeys(outlet.calls) if topic != "flush"]
    assert order[:3] == ["erasures", "customers", "links"], "who was erased must not be heard again"
    assert order[-1] == "connector.cursors"
    assert len(outlet.stored) == sum(counts.values()), "all of it is acknowledged"


def test_records_are_copied_as_they_are() -> None:
    outlet = FakeOutlet()
    copy_topics(Other().read, outlet, lambda *_: None)
    first = next(record for record in outlet.stored if record.topic == "customers")
    assert (first.key, first.value, first.headers) == (b"customers 0", b"0", [("attempt", b"2")])


def test_what_the_stages_make_is_not_copied() -> None:
    made = {topic.name for topic in ALL} - {topic.name for topic in FROM_OUTSIDE}
    assert made == {
        *("mentions.enriched", "party.events", "timers.due", "parties", "triage", "clock", "alerts"),
        *("mentions.dead", "dead.resolutions", "level.claims"),
    }
