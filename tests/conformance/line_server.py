"""A proxy for protocols of lines, such as IMAP: each line of the client passes the gate."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from conformance.gate import Cut, Gate

LOOK_SECONDS = 0.05


@contextmanager
def serving_lines(gate: Gate, port: int) -> Iterator[int]:
    """Hands on what comes to a server on this machine, until the end of the block. Yields the port to ask.

    A client that waits in IDLE says nothing: it is broken off all the same once the gate cuts.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(LOOK_SECONDS)
    over = threading.Event()

    def accept() -> None:
        while not over.is_set():
            with suppress(TimeoutError, OSError):
                client, _ = listening.accept()
                threading.Thread(target=_hand_on, args=[gate, client, port, over], daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        gate.down()
        accepting.join()
        listening.close()


def _hand_on(gate: Gate, client: socket.socket, port: int, over: threading.Event) -> None:
    cuts = gate.cuts
    with closing(client), closing(socket.create_connection(("127.0.0.1", port))) as server:
        if gate.is_down:
            gate.arrive()  # that somebody has knocked
            return
        cut = threading.Event()
        answers = threading.Thread(target=_answers, args=[server, client, cut], daemon=True)
        answers.start()
        client.settimeout(LOOK_SECONDS)
        rest = b""
        while gate.cuts == cuts and not over.is_set() and answers.is_alive():
            try:
                came = client.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                break
            if not came:
                break
            *lines, rest = (rest + came).split(b"\r\n")
            for line in lines:
                fault = gate.arrive()
                if fault is not None and not isinstance(fault, Cut):
                    return
                if fault is not None:
                    cut.set()
                server.sendall(line + b"\r\n")


def _answers(server: socket.socket, client: socket.socket, cut: threading.Event) -> None:
    """What the server says; once it is to be cut, half of it and no more."""
    with suppress(OSError):
        while came := server.recv(65536):
            if cut.is_set():
                client.sendall(came[: len(came) // 2])
                break
            client.sendall(came)
        client.shutdown(socket.SHUT_RDWR)
