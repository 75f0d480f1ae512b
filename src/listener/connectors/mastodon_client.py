"""What is asked of a Mastodon server: its REST API within its rate limit, and its event streams.

Written on httpx. Mastodon.py, the usual library, reads streams byte by byte and ends them at the first event that
it does not understand, casts away the original that a dead letter must hold, does not tell what a server that is
too busy asks for (Retry-After), and sleeps where we must notice a stop.
"""

import contextlib
import json
import logging
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from listener.connectors.event_stream import Event, Overlong, events
from listener.http.backoff import Backoff
from listener.http.client import Answered, Query, Unavailable, asked_to_wait_seconds, client, get, shown

log = logging.getLogger(__name__)

MAX_BYTES = 32 * 1024 * 1024
"""Of one answer; a page of forty posts takes some hundred kilobytes."""
USER_AGENT = "Listener"
SILENT_SECONDS = 75.0
"""A server sends at least a comment every 15 seconds to each stream; one that is silent for so long is gone."""
LONGEST_RECONNECT_SECONDS = 300.0
STEADY_SECONDS = 10.0
"""A connection that lasts so long, or brings something, worked; the next failure is the first."""
MAX_WAITING = 2000
"""Events that wait for us, of all streams; beyond that a stream waits, and the server may break it off."""


class Client:
    """Asks one server. May be used by several threads.

    Args:
        token: of an account of the company's.
        uniform: a number between the two given ones; spreads retries.
    """

    def __init__(
        self,
        url: str,
        token: str,
        timeout_seconds: float,
        uniform: Callable[[float, float], float],
    ) -> None:
        self.url = url.rstrip("/")
        self._headers = {"User-Agent": USER_AGENT, "Authorization": f"Bearer {token}"}
        self._timeout_seconds = timeout_seconds
        self._uniform = uniform
        self._client = client(timeout_seconds, self._headers, follow_redirects=False)
        self._not_before = 0.0

    def get(self, path: str, query: Query | None = None) -> Any:
        """The answer of the REST API, as JSON.

        Raises:
            Unavailable: it is not had this time; also before the server may be asked again.
        """
        wait_seconds = self.wait_seconds()
        if wait_seconds > 0:
            raise Unavailable(
                f"{shown(self.url)}: its rate limit is used up", retry_after_seconds=wait_seconds
            )
        try:
            answered = get(
                self._client,
                self.url + path,
                query=query,
                timeout_seconds=self._timeout_seconds,
                max_bytes=MAX_BYTES,
            )
        except Unavailable as error:
            self.leave_alone(error.retry_after_seconds)
            raise
        self.leave_alone(asked_to_wait_seconds(answered.headers, datetime.now(UTC)))
        return _json(answered, self.url + path)

    def wait_seconds(self) -> float:
        """How long the server wants to be left alone from now on."""
        return self._not_before - time.monotonic()

    def leave_alone(self, seconds: float | None) -> None:
        """Notes what the server asks for."""
        if seconds is not None:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def backoff(self) -> Backoff:
        """A new one, for whoever asks this server."""
        return Backoff(1.0, LONGEST_RECONNECT_SECONDS, self._uniform)

    def stream_client(self) -> httpx.Client:
        """A client for one stream."""
        headers = self._headers | {"Accept": "text/event-stream"}
        made = client(self._timeout_seconds, headers, follow_redirects=False)
        made.timeout = httpx.Timeout(self._timeout_seconds, read=SILENT_SECONDS)
        return made

    def close(self) -> None:
        """Closes the connections of the REST API."""
        self._client.close()


@dataclass(frozen=True, slots=True)
class Connected:
    """A stream is open: what happens from now on is told by it."""

    stream: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A stream has ended, or did not come about: what happens from now on is told by nobody."""

    stream: str


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of a stream."""

    stream: str
    event: Event


Signal = Connected | Disconnected | StreamEvent


class Streams:
    """Keeps event streams open, each in a thread of its own, and hands over what they tell in one queue.

    Args:
        paths: name of each stream to its path and query.
        base: address of the streaming API.
    """

    def __init__(self, client: Client, base: str, paths: Mapping[str, tuple[str, Query]]) -> None:
        self.signals: queue.Queue[Signal] = queue.Queue(MAX_WAITING)
        self._client = client
        self._base = base.rstrip("/")
        self._stop = threading.Event()
        self._open: dict[str, socket.socket] = {}
        self._threads = [
            threading.Thread(target=self._keep, args=[name, path, query], name=f"stream {name}", daemon=True)
            for name, (path, query) in paths.items()
        ]

    def start(self) -> None:
        """Begins to connect; `signals` says when that was done."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Ends all streams."""
        self._stop.set()
        for connection in list(self._open.values()):
            _shut(connection)

    def _keep(self, name: str, path: str, query: Query) -> None:
        backoff = self._client.backoff()
        with self._client.stream_client() as http:
            while not self._stop.is_set():
                if self._stop.wait(max(0.0, self._client.wait_seconds())):
                    return
                began = time.monotonic()
                told, asked = False, None
                try:
                    told = self._follow(http, name, path, query)
                except Unavailable as error:
                    asked = error.retry_after_seconds
                    log.warning("stream=%s: %s", name, error)
                self._tell(Disconnected(name))
                if told or time.monotonic() - began > STEADY_SECONDS:
                    backoff.succeeded()
                self._stop.wait(backoff.failed(asked))

    def _follow(self, http: httpx.Client, name: str, path: str, query: Query) -> bool:
        """Follows a stream until it ends. Returns whether it brought anything."""
        told = False
        try:
            with http.stream("GET", self._base + path, params=dict(query)) as response:
                if response.status_code != httpx.codes.OK:
                    asked = asked_to_wait_seconds(response.headers, datetime.now(UTC))
                    self._client.leave_alone(asked)
                    raise Unavailable(
                        f"{shown(self._base + path)}: the server answers {response.status_code}",
                        status=response.status_code,
                        retry_after_seconds=asked,
                    )
                if "event-stream" not in response.headers.get("Content-Type", ""):
                    raise Unavailable(f"{shown(self._base + path)}: the answer is no event stream")
                self._open[name] = response.extensions["network_stream"].get_extra_info("socket")
                self._tell(Connected(name))
                for event in events(response.iter_bytes()):
                    told = True
                    if event is not None:
                        self._tell(StreamEvent(name, event))
                    if self._stop.is_set():
                        break
        except (httpx.HTTPError, Overlong) as error:
            log.info("stream=%s ended: %s: %s", name, type(error).__name__, error)
        finally:
            self._open.pop(name, None)
        return told

    def _tell(self, signal: Signal) -> None:
        while not self._stop.is_set():
            try:
                self.signals.put(signal, timeout=0.5)
            except queue.Full:
                continue
            return


def _json(answered: Answered, url: str) -> Any:
    try:
        return json.loads(answered.body or b"")
    except ValueError:
        raise Unavailable(f"{shown(url)}: the answer is not JSON") from None


def _shut(connection: socket.socket) -> None:
    """Wakes the thread that reads from it."""
    with contextlib.suppress(OSError):  # it is closed already
        connection.shutdown(socket.SHUT_RDWR)
