"""What servers of event streams over WebSocket share: each connection and each frame passes the gate."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from conformance.gate import Cut, Gate, Page, Refuse

Frames = Callable[[str], Iterator[str | bytes | None]]
"""Path and query of a connection to what is sent to it; None where there is nothing just now."""


class _Connection(ServerConnection):
    cuts = 0


@contextmanager
def serving_frames(gate: Gate, frames: Frames) -> Iterator[str]:
    """Serves streams until the end of the block. Yields the address, without a slash at its end."""

    def arrive(connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, _Connection)
        connection.cuts = gate.cuts
        match gate.arrive():
            case None:
                return None
            case Refuse(status, headers):
                return Response(status, HTTPStatus(status).phrase, Headers(headers), b"")
            case Page():
                headers = {"Content-Type": "text/html"}
                return Response(200, "OK", Headers(headers), b"<html>We are working on it.</html>")
        hang_up(connection)
        return None

    def send(connection: ServerConnection) -> None:
        assert isinstance(connection, _Connection)
        assert connection.request is not None
        try:
            for frame in frames(connection.request.path):
                if gate.cuts != connection.cuts:
                    break
                if frame is None:
                    continue
                fault = gate.arrive()
                if fault is None:
                    connection.send(frame)
                    continue
                if isinstance(fault, Cut):
                    connection.socket.sendall(half(frame))
                break
        except (ConnectionClosed, OSError):
            return
        hang_up(connection)

    quiet = logging.getLogger("conformance.quiet")
    quiet.setLevel(logging.CRITICAL + 1)  # clients that hang up are expected
    server = serve(
        send,
        "127.0.0.1",
        0,
        process_request=arrive,
        compression=None,
        logger=quiet,
        create_connection=_Connection,
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        gate.down()
        server.shutdown()


def hang_up(connection: ServerConnection) -> None:
    """Without a word."""
    connection.socket.shutdown(socket.SHUT_RDWR)


def half(frame: str | bytes) -> bytes:
    """The first half of what goes over the wire."""
    data, code = (frame.encode(), Opcode.TEXT) if isinstance(frame, str) else (frame, Opcode.BINARY)
    whole = Frame(code, data).serialize(mask=False)
    return whole[: len(whole) // 2]
