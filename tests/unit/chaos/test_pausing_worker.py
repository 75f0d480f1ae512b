"""When a worker of the campaign stops itself."""

from pathlib import Path

import pytest

from listener.chaos.pausing_worker import PausingSender, request_path
from listener.kafka.connection import KafkaConnection
from stream.reliability import Footing
from stream.send import Record

STATE = Record("listener-ledger-changelog", b"test:jane", b"{}", 3)
OUTPUT = Record("mentions.enriched", b"a:test:jane", b"{}")


@pytest.mark.parametrize(
    ("asked", "before_states", "before_outputs"),
    [("states", True, False), ("outputs", False, True), (None, False, False)],
)
def test_it_stops_before_what_it_is_asked_for(
    tmp_path: Path, asked: str | None, before_states: bool, before_outputs: bool
) -> None:
    request = request_path(tmp_path, 1)
    if asked is not None:
        request.write_text(asked)
    sender = PausingSender(KafkaConnection("127.0.0.1:1"), Footing(6), 3.6, request=request)
    assert sender._asked_before(STATE) is before_states
    assert sender._asked_before(OUTPUT) is before_outputs


def test_each_worker_has_a_request_of_its_own(tmp_path: Path) -> None:
    assert request_path(tmp_path, 1) != request_path(tmp_path, 2)
