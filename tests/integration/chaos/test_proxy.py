"""Connections are cut, slowed and mended, by the real toxiproxy."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from listener.chaos.means import GET_TOXIPROXY, find_means
from listener.chaos.proxy import LATENCY_MS, Toxiproxy
from listener.embedded.ports import LOOPBACK, free_port


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that says again what it hears, one client at a time."""
    with socket.create_server((LOOPBACK, 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    while heard := client.recv(100):
                        client.sendall(heard)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxied(
    echo_port: int, tmp_path: Path, server_missing: Callable[[str], NoReturn]
) -> Iterator[tuple[Toxiproxy, int]]:
    program = find_means().toxiproxy
    if program is None:
        server_missing(f"toxiproxy-server is not in the path: {GET_TOXIPROXY}, and name it so")
    proxy, port = Toxiproxy(program, tmp_path / "toxiproxy.log"), free_port()
    proxy.start()
    proxy.add("echo", port, echo_port)
    yield proxy, port
    proxy.stop()


def answer(connection: socket.socket) -> bytes:
    connection.sendall(b"hello")
    return connection.recv(100)


def test_a_cut_ends_connections_and_refuses_new_ones_until_it_is_mended(
    proxied: tuple[Toxiproxy, int],
) -> None:
    proxy, port = proxied
    with socket.create_connection((LOOPBACK, port), timeout=30) as connection:
        assert answer(connection) == b"hello"
        proxy.cut("echo")
        with suppress(ConnectionError):  # it is cut either way
            assert answer(connection) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port), timeout=30)
    proxy.mend("echo")
    with socket.create_connection((LOOPBACK, port), timeout=30) as connection:
        assert answer(connection) == b"hello"


def test_a_slow_connection_takes_its_time_and_loses_nothing(proxied: tuple[Toxiproxy, int]) -> None:
    proxy, port = proxied
    with socket.create_connection((LOOPBACK, port), timeout=30) as connection:
        assert answer(connection) == b"hello"
        proxy.slow("echo")
        began_at = time.monotonic()
        assert answer(connection) == b"hello"
        assert time.monotonic() - began_at > LATENCY_MS / 1000 / 2
        proxy.quicken("echo")
        proxy.slow("echo")
        proxy.quicken("echo")
        assert answer(connection) == b"hello"
