"""A real HTTP server for feeds, on this machine, that misbehaves on request."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FeedServer:
    """What it answers at ``/feed``, and what it was asked. ``/moved`` leads there, ``/round`` to itself.

    Attributes:
        drip_seconds: pause after every 50 bytes.
        asked: headers of the requests, names in lower case.
    """

    url: str = ""
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip_seconds: float = 0.0
    asked: list[dict[str, str]] = field(default_factory=list)


def atom_feed(*numbers: int, updated: str = "2026-02-01T00:00:00Z") -> bytes:
    """A feed with entries ``a:1``, ``a:2`` ... that say "post 1", "post 2" ..."""
    entries = "".join(
        f"<entry><id>a:{n}</id><title>post {n}</title><published>2026-02-01T00:00:00Z</published>"
        f"<updated>{updated}</updated></entry>"
        for n in numbers
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


@contextmanager
def serving() -> Iterator[FeedServer]:
    """A server on a free port, until the end of the block."""
    state = FeedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append({name.lower(): value for name, value in self.headers.items()})
            redirects = {"/moved": "/feed", "/round": "/round"}
            if self.path in redirects:
                self.send_response(302)
                self.send_header("Location", redirects[self.path])
                self.end_headers()
                return
            etag = state.headers.get("ETag")
            unchanged = etag is not None and self.headers.get("If-None-Match") == etag
            self.send_response(304 if unchanged else state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if not unchanged:
                step = 50 if state.drip_seconds else len(state.body) or 1
                for at in range(0, len(state.body), step):
                    self.wfile.write(state.body[at : at + step])
                    time.sleep(state.drip_seconds)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: Any) -> None:
            """Clients that hang up are expected."""

    httpd = Server(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{httpd.server_port}/feed"
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield state
    finally:
        httpd.shutdown()
        httpd.server_close()
