"""What stand-ins that speak HTTP share: a server on a free port whose every request passes the gate."""

import json
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from conformance.gate import Cut, Drop, Gate, Page, Refuse

LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Request:
    """One request. Names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """An answer that goes on: what is put into the queue is sent. Each part passes the gate."""

    parts: "queue.Queue[bytes]"
    headers: Mapping[str, str] = field(default_factory=dict)


class Application(Protocol):
    """What a stand-in says."""

    gate: Gate

    def respond(self, request: Request) -> Answer | Stream:
        """Called in a thread of the request's own."""
        ...


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


@contextmanager
def serving(application: Application) -> Iterator[str]:
    """Serves it until the end of the block. Yields the address, without a slash at its end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            gate = application.gate
            cuts = gate.cuts
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                parts.path,
                parse_qs(parts.query, keep_blank_values=True),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            match gate.arrive():
                case Drop():
                    self.hang_up()
                case Refuse(status, headers):
                    self.send(json_answer({"error": f"refused with {status}"}, status, headers))
                case Page():
                    page = b"<html><body>We are working on it.</body></html>"
                    self.send(Answer(200, page, {"Content-Type": "text/html"}))
                case Cut():
                    found = application.respond(request)
                    if isinstance(found, Answer) and found.body:  # else there is no middle
                        self.send(found, cut=True)
                    self.hang_up()
                case None:
                    found = application.respond(request)
                    if isinstance(found, Answer):
                        self.send(found)
                    else:
                        self.stream(found, cuts)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - names of the base

        def send(self, answer: Answer, *, cut: bool = False) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)
            self.wfile.flush()

        def stream(self, stream: Stream, cuts: int) -> None:
            self.send_response(200)
            for name, value in stream.headers.items():
                self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            gate = application.gate
            while gate.cuts == cuts:
                try:
                    part = stream.parts.get(timeout=LOOK_SECONDS)
                except queue.Empty:
                    continue
                if gate.cuts != cuts or gate.arrive() is not None:
                    break
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                self.wfile.flush()
            self.hang_up()

        def hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 100

        def handle_error(self, *args: Any) -> None:
            """Clients that hang up are expected."""

    httpd = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}"
    finally:
        application.gate.down()
        httpd.shutdown()
        httpd.server_close()
