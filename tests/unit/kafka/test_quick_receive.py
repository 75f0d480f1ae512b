"""What is received at once is what kafka-python receives in pieces."""

import socket
from collections.abc import Iterator

import pytest
from kafka.net.transport import KafkaTCPTransport

from listener.kafka.quick_receive import receive_quickly


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, KafkaTCPTransport]]:
    """What the broker writes to, and the client's side of it."""
    receive_quickly()
    broker, ours = socket.socketpair()
    ours.setblocking(False)
    transport = KafkaTCPTransport.__new__(KafkaTCPTransport)
    transport._sock = ours
    transport._closed = False
    transport.host = "broker"
    with broker, ours:
        yield broker, transport


def test_all_that_has_come_is_taken_at_once(ends: tuple[socket.socket, KafkaTCPTransport]) -> None:
    broker, transport = ends
    sent = bytes(range(256)) * 400
    broker.sendall(sent)
    assert transport._sock_recv() == (sent, None)


def test_where_nothing_has_come_nothing_is_told(ends: tuple[socket.socket, KafkaTCPTransport]) -> None:
    _, transport = ends
    assert transport._sock_recv() == (b"", None)


def test_what_came_before_the_end_is_told_before_it(ends: tuple[socket.socket, KafkaTCPTransport]) -> None:
    broker, transport = ends
    broker.sendall(b"the last words")
    broker.close()
    assert transport._sock_recv() == (b"the last words", None)
    data, error = transport._sock_recv()
    assert data == b""
    assert "disconnected" in str(error)


def test_a_connection_that_fails_is_told(ends: tuple[socket.socket, KafkaTCPTransport]) -> None:
    _, transport = ends
    transport._sock.close()
    data, error = transport._sock_recv()
    assert data == b""
    assert error is not None
