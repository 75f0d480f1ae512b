"""Nothing goes into an internal network that the configuration does not name."""

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from listener.http.guard import guarded_client, is_public


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        redirected = self.path == "/away"
        self.send_response(302 if redirected else 200)
        if redirected:
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"in")

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::169.254.169.254",
    ],
)
def test_internal(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"])
def test_an_internal_host_is_not_asked(host: str, port: int) -> None:
    with guarded_client(5, {}) as client, pytest.raises(httpx.ConnectError, match="internal_hosts"):
        client.get(f"http://{host}:{port}/")


def test_a_host_that_is_named_is_asked(port: int) -> None:
    with guarded_client(5, {}, internal_hosts=["127.0.0.1"]) as client:
        assert client.get(f"http://127.0.0.1:{port}/").text == "in"


def test_a_redirect_is_not_followed(port: int) -> None:
    with guarded_client(5, {}, internal_hosts=["127.0.0.1"]) as client:
        assert client.get(f"http://127.0.0.1:{port}/away").status_code == 302


def test_a_connection_goes_to_the_address_that_was_checked(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so not to what the name would resolve to when asked again."""
    connected = []
    real: Callable[..., socket.socket] = socket.create_connection

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        connected.append(address[0])
        return real(("127.0.0.1", port))

    def resolve(*_: Any, **__: Any) -> list[Any]:
        monkeypatch.undo()
        monkeypatch.setattr(socket, "create_connection", connect)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with guarded_client(5, {}) as client:
        assert client.get("http://rebinding.example/").text == "in"
    assert connected == ["93.184.216.34"]
