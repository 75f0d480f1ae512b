"""Health and metrics over HTTP for processes without an event loop: ``/livez``, ``/readyz`` and ``/metrics``."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from listener.domain.errors import PortTaken
from listener.metrics import READY

log = logging.getLogger(__name__)

CHECK_SECONDS = 5.0
STALE_SECONDS = 60.0
"""A check that has not come back for so long says no."""
MAX_REQUEST_SECONDS = 10.0

Check = Callable[[], bool]


class Pulse:
    """The sign of life of a loop that turns at least every few seconds.

    Args:
        silent_seconds: after so long without a beat it counts as hung.
    """

    def __init__(self, silent_seconds: float = 300.0) -> None:
        self._silent_seconds = silent_seconds
        self._beat_at = time.monotonic()

    def beat(self) -> None:
        """The loop turns."""
        self._beat_at = time.monotonic()

    def alive(self) -> bool:
        """Whether it does."""
        return time.monotonic() - self._beat_at < self._silent_seconds


class HealthServer:
    """Serves health and metrics from threads of its own while it is entered.

    The checks are made every few seconds by one thread, whoever asks: they may take as long as a server that is
    away lets them wait, and an answer to a scrape must not.

    Args:
        port: nothing is served where None.
        checks: name to whether it is so; ready is when all are.
        alive: whether the process does its work, be it by waiting.

    Raises:
        PortTaken: somebody listens there already.
    """

    def __init__(
        self,
        host: str,
        port: int | None,
        checks: Mapping[str, Check],
        *,
        alive: Check = lambda: True,
    ) -> None:
        self._checks = checks
        self._alive = alive
        self._state = dict.fromkeys(checks, False)
        self._checked_at = time.monotonic()
        self._stop = Event()
        self._server: ThreadingHTTPServer | None = None
        self._threads: list[Thread] = []
        if port is not None:
            try:
                self._server = _Server((host, port), self._handler())
            except OSError as error:
                raise PortTaken(f"the health page cannot listen on {host}:{port}: {error.strerror}") from None

    def __enter__(self) -> Self:
        if self._server is not None:
            self._threads = [
                Thread(target=self._server.serve_forever, name="health", daemon=True),
                Thread(target=self._check_again_and_again, name="health-checks", daemon=True),
            ]
            for thread in self._threads:
                thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body of a path."""
        match path.partition("?")[0]:
            case "/metrics":
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest()
            case "/livez":
                return _json({"alive": self._alive()})
            case "/readyz":
                fresh = time.monotonic() - self._checked_at < STALE_SECONDS
                return _json(self._state if fresh else dict.fromkeys(self._state, False))
            case _:
                return HTTPStatus.NOT_FOUND, "text/plain", b"/livez, /readyz, /metrics\n"

    def _check_again_and_again(self) -> None:
        while True:
            self._state = {name: _holds(name, check) for name, check in self._checks.items()}
            self._checked_at = time.monotonic()
            READY.set(all(self._state.values()))
            if self._stop.wait(CHECK_SECONDS):
                return

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        health = self

        class Handler(BaseHTTPRequestHandler):
            timeout = MAX_REQUEST_SECONDS

            def do_GET(self) -> None:  # the standard library's name
                status, content_type, body = health.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the standard library's name
                pass  # a line for each scrape would tell nobody anything

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a request for health broke off")


def _holds(name: str, check: Check) -> bool:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  # a check that fails in any way says no, and is asked again
        log.warning("check=%s failed: %s", name, error)
        return False


def _json(state: Mapping[str, bool]) -> tuple[int, str, bytes]:
    status = HTTPStatus.OK if all(state.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    return status, "application/json", json.dumps(state).encode()
