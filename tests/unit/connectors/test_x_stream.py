"""The filtered stream: its lines, how long it waits before it connects again, and a silent one."""

import queue
import time

from hypothesis import given
from hypothesis import strategies as st

from conformance.gate import WAIT_SECONDS
from conformance.http_server import serving
from conformance.servers.x import TOKEN, XServer
from listener.connectors.x_client import Client
from listener.connectors.x_stream import Connected, Disconnected, Signal, Stream, Waits, lines


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\t \x0b\x0c")), max_size=5), st.data())
def test_lines_are_the_same_however_they_arrive(texts: list[str], data: st.DataObject) -> None:
    whole = "".join(f"{text}\r\n" for text in texts).encode() + b"broken off"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    parts = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert list(lines(parts)) == [text.encode() for text in texts]


def test_it_waits_as_the_service_asks() -> None:
    waits = Waits(5)
    assert [waits.ended() for _ in range(3)] == [0, 0.25, 0.5]
    waits.worked()
    assert [waits.refused(503, None) for _ in range(8)] == [5, 10, 20, 40, 80, 160, 320, 320]
    waits.worked()
    assert [waits.refused(429, None) for _ in range(3)] == [60, 120, 240]
    assert waits.refused(429, 3.0) == 3.0
    for _ in range(100):
        assert waits.ended() <= 16


def test_a_silent_stream_is_opened_anew() -> None:
    server = XServer()
    with serving(server) as server.url:
        client = Client(server.url, TOKEN, 20)
        stream = Stream(client, lambda: False, 0.1, silent_seconds=0.2)
        stream.start()
        seen: list[type[Signal]] = []
        deadline = time.monotonic() + WAIT_SECONDS
        while seen[-3:] != [Connected, Disconnected, Connected] and time.monotonic() < deadline:
            try:
                seen.append(type(stream.signals.get(timeout=1)))
            except queue.Empty:
                continue
        stream.close()
        client.close()
    assert seen[:3] == [Connected, Disconnected, Connected]
