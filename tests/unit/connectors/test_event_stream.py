"""Server-sent events: however the bytes arrive, the events are the same."""

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.event_stream import Event, Overlong, events

RECORDED = Path(__file__).resolve().parents[4] / "shared/data/api_payloads/mastodon/streams.derived.sse"
STREAM = (
    b'event: update\ndata: {"id":"1"}\n\n:thump\n\nevent: delete\r\ndata: 2\r\n\r\n'
    + "data:ü\rdata: zwei\r\r".encode()
)
EVENTS = [
    Event("update", b'{"id":"1"}'),
    None,
    Event("delete", b"2"),
    Event("message", "ü\nzwei".encode()),
]


@given(st.lists(st.integers(0, len(STREAM))))
def test_divided_in_any_way(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[a:b] for a, b in itertools.pairwise(bounds)]
    # A stream that ends with \r is waiting for what may be its \n.
    assert list(events([*parts, b"\n"])) == EVENTS


def test_an_event_that_breaks_off_is_none() -> None:
    assert list(events([b"event: update\ndata: {"])) == []
    assert list(events([b"event: update\ndata: {}\n"])) == []


def test_fields_that_nobody_knows_are_passed_over() -> None:
    assert list(events([b"id: 7\nretry: 5\nnonsense\ndata\ndata: x\n\n"])) == [Event("message", b"\nx")]


@pytest.mark.parametrize("endless", [[b"data: " + b"x" * 2000], [b"data: x\n"] * 500])
def test_what_never_ends_is_given_up(endless: list[bytes]) -> None:
    with pytest.raises(Overlong):
        list(events(endless, max_bytes=1000))


@pytest.mark.data
def test_recorded_streams() -> None:
    if not RECORDED.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{RECORDED} is missing")
        pytest.skip("the real data are not beside the checkout")
    found = [event.name for event in events([RECORDED.read_bytes()]) if event is not None]
    expected = {"conversation": 3, "delete": 1, "notification": 2, "status.update": 1, "update": 3}
    assert {name: found.count(name) for name in set(found)} == expected
