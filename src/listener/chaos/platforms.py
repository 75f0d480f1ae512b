"""Platforms of a campaign's own that show posts over HTTP, the last changed first, and can be cut off."""

import json
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from listener.chaos.posts import SITES, Post
from listener.embedded.ports import LOOPBACK

PAGE = 20
"""Posts on a page."""


class Platforms:
    """All of them in one server, which is asked as a proxy: so their addresses are the same in each run.

    Args:
        posts: in the order in which they are shown.
    """

    def __init__(self, posts: Iterable[Post]) -> None:
        self._posts = tuple(posts)
        self._lock = threading.Lock()
        self._began_at: float | None = None
        self._seconds = 0.0
        self._next = 0
        self._shown: dict[str, dict[str, Post]] = {site: {} for site in SITES}
        self._is_cut = threading.Event()
        self._server = _Server((LOOPBACK, 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, name="platforms", daemon=True)

    @property
    def address(self) -> str:
        """Of the proxy."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    @property
    def is_cut(self) -> bool:
        """Whether answers end in their middle."""
        return self._is_cut.is_set()

    def start(self) -> None:
        """Shows what is there from the beginning."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def begin(self, began_at: float, seconds: float) -> None:
        """From now on, more and more is shown.

        Args:
            began_at: in seconds since 1970.
            seconds: after which all is shown.
        """
        with self._lock:
            self._began_at, self._seconds = began_at, seconds

    def cut(self) -> None:
        """Every answer ends in its middle."""
        self._is_cut.set()

    def mend(self) -> None:
        """Whole answers again."""
        self._is_cut.clear()

    def page(self, site: str, number: int) -> list[Mapping[str, Any]]:
        """What a page shows now, from 1."""
        with self._lock:
            self._show()
            shown = list(reversed(self._shown.get(site, {}).values()))
        return [post.fields for post in shown[(number - 1) * PAGE : number * PAGE]]

    def shown(self) -> dict[str, list[Post]]:
        """Site to what it shows now, the last changed at the end."""
        with self._lock:
            self._show()
            return {site: list(posts.values()) for site, posts in self._shown.items()}

    def _show(self) -> None:
        share = 0.0 if self._began_at is None else (time.time() - self._began_at) / self._seconds
        while self._next < len(self._posts) and self._posts[self._next].share <= share:
            post = self._posts[self._next]
            self._shown[post.site].pop(post.name, None)  # to the end
            self._shown[post.site][post.name] = post
            self._next += 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked was killed meanwhile."""


def _handler(platforms: Platforms) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            number = int(parse_qs(asked.query).get("page", ["1"])[0])
            body = json.dumps({"posts": platforms.page(asked.netloc, number)}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if platforms.is_cut:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # a name of the base
            pass

    return Handler
