"""What comes of items: mentions under the right key, answers under the customer, dead letters with their why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fakes.outlet import FakeOutlet, Sent
from listener.connectors.connector import Item, NativeDeletion, NativeItem, Source, Unreadable
from listener.connectors.index import Index, Known
from listener.connectors.intake import Intake
from listener.connectors.parked import Parked
from listener.connectors.seen import Seen
from listener.domain.connector_state import Cursor
from listener.domain.dead_letter import DeadLetter
from listener.domain.erasure import Erasures
from listener.domain.mention import Mention, MentionDeleted, read_raw
from listener.domain.topics import BACKFILL, CURSORS, DEAD, INDEX, PARKED, RAW

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = Source("net", "net")


class Outlet(FakeOutlet):
    """Tells what was said on its topics."""

    def said(self, topic: str = RAW.name) -> list[Mention | MentionDeleted]:
        return [read_raw(record.value) for record in self.records(topic) if record.value is not None]

    def keys(self) -> dict[str, str]:
        """Native id to key, of the mentions."""
        pairs = zip(self.records(RAW.name), self.said(), strict=True)
        return {value.native_id: str(record.key) for record, value in pairs if isinstance(value, Mention)}

    def records(self, topic: str) -> list[Sent]:
        return [record for record in self.sent if record.topic == topic]


def _intake(
    outlet: Outlet, source: Source = SOURCE, parked: Parked | None = None, seen: bool = False
) -> Intake:
    return Intake(
        source,
        outlet,
        Index(),
        Parked() if parked is None else parked,
        lambda: NOW,
        seen=Seen() if seen else None,
    )


def said(native_id: str, author: str = "ann", reply_to: str | None = None, **more: object) -> NativeItem:
    item = NativeItem(
        native_id=native_id,
        text=f"text {native_id}",
        occurred_at=NOW - timedelta(hours=1),
        author=author,
        reply_to=reply_to,
        direction="outbound" if author == "brand" else "inbound",
        origin=f"f:{native_id}",
        original=native_id.encode(),
    )
    return replace(item, **more)  # type: ignore[arg-type]  # names and types are the test's


def gone(native_id: str, author: str | None = None) -> NativeDeletion:
    return NativeDeletion(native_id=native_id, author=author, deleted_at=NOW, origin="f")


def test_an_answer_goes_to_the_customer_whom_it_answers() -> None:
    outlet = Outlet()
    _intake(outlet).take([said("1"), said("2", "brand", "1"), said("3", "brand", "2"), said("4", "ann", "3")])
    assert outlet.keys() == dict.fromkeys("1234", "net:ann")
    answers = {value.native_id: value.answers for value in outlet.said() if isinstance(value, Mention)}
    assert answers == {"1": None, "2": "net:1", "3": "net:1", "4": None}


def test_an_answer_waits_for_its_original_and_a_thread_for_its_beginning() -> None:
    outlet, parked = Outlet(), Parked()
    intake = _intake(outlet, parked=parked)
    intake.take([said("3", "brand", "2"), said("2", "brand", "1")])
    assert outlet.said() == []
    assert (parked.awaited(), len(parked)) == (["net:1"], 2)
    intake.take([said("1")])
    assert outlet.keys() == dict.fromkeys("123", "net:ann")
    assert (len(parked), intake.counts.unlinked) == (0, 0)


def test_the_answered_author_named_by_the_network_is_taken_as_it_is() -> None:
    outlet = Outlet()
    _intake(outlet).take([said("2", "brand", answers="1", answers_author="bob")])
    assert outlet.keys() == {"2": "net:bob"}


def test_the_answered_contact_named_by_the_network_gives_its_author() -> None:
    outlet = Outlet()
    _intake(outlet).take([said("1"), said("2", "brand", answers="1")])
    assert outlet.keys()["2"] == "net:ann"


def test_what_answers_nothing_is_published_under_the_company() -> None:
    outlet = Outlet()
    intake = _intake(outlet)
    intake.take([said("1", "brand"), said("2", "brand", "1"), said("3", "brand", "404")])
    assert outlet.keys() == {"1": "net:brand", "2": "net:brand"}
    intake.release()
    assert outlet.keys() == dict.fromkeys("123", "net:brand")
    assert intake.counts.unlinked == 2  # 2 goes on from what the company itself began


def test_without_room_an_answer_does_not_wait() -> None:
    outlet = Outlet()
    intake = _intake(outlet, parked=Parked(max_items=1))
    intake.take([said("2", "brand", "1"), said("3", "brand", "1"), said("1")])
    assert outlet.keys() == {"3": "net:brand", "1": "net:ann", "2": "net:ann"}
    assert intake.counts.unlinked == 1


def test_waiting_ends_after_a_while() -> None:
    outlet = Outlet()
    intake = _intake(outlet)
    intake.take([said("2", "brand", "1"), gone("9")])
    intake.release(parked_before=NOW)
    assert outlet.said() == []
    intake.release(parked_before=NOW + timedelta(seconds=1))
    assert {value.native_id: value.key for value in outlet.said()} == {"2": "net:brand", "9": "net:anon-9"}


def test_a_deletion_goes_where_its_mention_went() -> None:
    outlet = Outlet()
    intake = _intake(outlet)
    intake.take([gone("1"), gone("2"), said("2", "brand", "1"), gone("2"), gone("3", "eve")])
    assert [value.key for value in outlet.said()] == ["net:eve"]
    intake.take([said("1"), gone("2", "brand")])
    deleted = [(value.native_id, value.key) for value in outlet.said() if isinstance(value, MentionDeleted)]
    assert set(deleted) == {("1", "net:ann"), ("2", "net:ann"), ("3", "net:eve")}


def test_of_everybodys_deletions_only_those_of_what_was_heard_count() -> None:
    outlet = Outlet()
    intake = _intake(outlet)
    intake.take([said("1"), said("2", "brand", "3")])
    intake.take([replace(gone(name, "ann"), only_if_heard=True) for name in ("1", "2", "4")])
    intake.take([said("3", "ben")])
    deleted = [(value.native_id, value.key) for value in outlet.said() if isinstance(value, MentionDeleted)]
    assert set(deleted) == {("1", "net:ann"), ("2", "net:ben")}
    assert intake.counts.items == 5


def test_a_repeat_is_counted_and_what_differs_is_told() -> None:
    outlet = Outlet()
    intake = _intake(outlet, seen=True)
    edited = said("1", text="edited", edited_at=NOW)
    intake.take([said("1"), said("1"), said("1", text="other"), edited, edited])
    assert [value.text for value in outlet.said() if isinstance(value, Mention)] == ["text 1", "edited"]
    counts = intake.counts
    assert (counts.items, counts.published, counts.repeats, counts.differing) == (5, 2, 3, 1)


def test_what_cannot_be_used_is_kept_with_its_why() -> None:
    outlet = Outlet(largest=2000)
    intake = _intake(outlet, seen=True)
    items: list[Item] = [
        Unreadable(reason="not-utf8", detail="bytes", origin="f:3", original=b"\xff"),
        said("1", rating=7.0),
        said("2", text="x" * 3000),
        said("2"),
    ]
    intake.take(items)
    letters = [DeadLetter.from_headers(record.headers) for record in outlet.sent if len(record.headers) > 1]
    assert [(letter.origin, letter.reason) for letter in letters] == [
        ("f:3", "not-utf8"),
        ("f:1", "invalid"),
        ("f:2", "too-large"),
    ]
    assert [record.value for record in outlet.records(DEAD.name)] == [b"\xff", b"1", b"2"]
    assert (intake.counts.rejected, intake.counts.repeats, intake.counts.published) == (3, 0, 1)


def test_every_mention_says_in_a_header_which_source_it_is_of() -> None:
    outlet = Outlet()
    intake = _intake(outlet)
    intake.take([said("1"), NativeDeletion(native_id="1", deleted_at=NOW, origin="f:2")])
    named = [record.headers for record in outlet.sent if record.topic == RAW.name]
    assert named == [[("listener-source", b"net")]] * 2


def test_historical_mentions_go_to_the_backfill() -> None:
    outlet = Outlet()
    _intake(outlet, replace(SOURCE, historical=True)).take([said("1")])
    assert [value.historical for value in outlet.said(BACKFILL.name)] == [True]
    assert outlet.said(RAW.name) == []


def test_the_cursor_is_written_after_everything_else_is_acknowledged() -> None:
    outlet = Outlet()
    intake = _intake(outlet)
    intake.take([said("1"), said("3", "brand", "2")])
    intake.commit({"page": 1})
    before, after = outlet.calls[: outlet.calls.index("flush")], outlet.calls[outlet.calls.index("flush") :]
    assert set(before) == {RAW.name, INDEX.name, PARKED.name}
    assert after == ["flush", CURSORS.name, "flush"]
    [(_, key, value, _)] = outlet.records(CURSORS.name)
    assert key == "net"
    assert value is not None
    assert Cursor.read(value).position == {"page": 1}


def test_parked_records_go_only_after_what_was_released_is_acknowledged() -> None:
    outlet = Outlet()
    intake = _intake(outlet)
    intake.take([said("2", "brand", "1")])
    intake.commit({"page": 1})
    outlet.calls.clear()
    intake.take([said("1")])
    intake.commit({"page": 2})
    assert outlet.calls.index("flush") < outlet.calls.index(PARKED.name)
    assert outlet.records(PARKED.name)[-1][1:3] == ("net net:1", None)
    outlet.calls.clear()
    intake.commit({"page": 3})
    assert outlet.calls == ["flush", CURSORS.name, "flush"]


def test_a_replay_publishes_nothing_except_what_nobody_may_have_published() -> None:
    outlet = Outlet()
    intake = Intake(SOURCE, outlet, Index(), Parked(max_items=1), lambda: NOW, replaying=True)
    intake.take(
        [said("1"), said("3", "brand", "2"), said("5", "brand", "2"), gone("1"), said("6", rating=7.0)]
    )
    assert outlet.keys() == {"5": "net:brand"}
    known = Index()
    known.put("net:2", Known("net:bob", outbound=False, replies_to=None))
    intake.go_live(known)
    assert outlet.keys() == {"5": "net:brand", "3": "net:bob"}
    intake.take([said("7", "brand", "1")])
    assert outlet.keys()["7"] == "net:ann"


def _erasures() -> Erasures:
    erasures = Erasures(b"at least sixteen bytes")
    erasures.note("author", "net:ann", NOW)
    return erasures


def test_what_erased_people_said_and_were_answered_is_passed_over() -> None:
    outlet = Outlet()
    intake = Intake(SOURCE, outlet, Index(), Parked(), lambda: NOW, erasures=_erasures())
    intake.take([said("1"), said("2", "brand", "1"), said("3", "bob"), gone("1", "ann"), gone("4", "ann")])
    intake.release()
    intake.commit({})
    assert outlet.keys() == {"3": "net:bob"}
    assert [record.key for record in outlet.records(INDEX.name)] == ["net:3"]
    assert not outlet.records(PARKED.name)
    assert (intake.counts.published, intake.counts.erased) == (1, 4)


def test_what_they_say_afterwards_is_heard_and_can_be_deleted() -> None:
    outlet = Outlet()
    later = NOW + timedelta(hours=2)
    intake = Intake(SOURCE, outlet, Index(), Parked(), lambda: later, erasures=_erasures())
    intake.take([said("5", occurred_at=NOW + timedelta(hours=1)), gone("5", "ann")])
    assert outlet.keys() == {"5": "net:ann"}
    assert [type(value) for value in outlet.said()] == [Mention, MentionDeleted]
    assert intake.counts.erased == 0
