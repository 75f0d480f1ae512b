"""What waits for its original is bounded: in number, for each original, and in all."""

from datetime import UTC, datetime

from listener.connectors.parked import Parked
from listener.domain.mention import MentionDeleted

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def deletion(number: int) -> MentionDeleted:
    return MentionDeleted(
        mention_id=f"net:{number:03}",
        source="net",
        source_kind="net",
        native_id=f"{number:03}",
        author="net:anon",
        deleted_at=NOW,
        received_at=NOW,
    )


SIZE = len(deletion(0).to_json())


def test_there_is_room_for_so_many_bytes_and_again_when_some_have_left() -> None:
    parked = Parked(max_bytes=3 * SIZE)
    assert [parked.park(f"net:{n}", deletion(n), NOW) for n in range(4)] == [True, True, True, False]
    assert len(parked.take("net:1")) == 1
    assert parked.park("net:3", deletion(3), NOW)
    assert not parked.park("net:4", deletion(4), NOW)


def test_there_is_room_for_so_many_items_and_bytes_of_one_original() -> None:
    assert [Parked(max_items=n).park("net:0", deletion(0), NOW) for n in (0, 1)] == [False, True]
    parked = Parked(max_bytes_per_key=2 * SIZE)
    assert [parked.park("net:0", deletion(n), NOW) for n in range(3)] == [True, True, False]
    assert parked.park("net:1", deletion(2), NOW)
