"""The filtered stream, kept open in a thread of its own: lines of JSON, and an empty one every 20 seconds."""

import contextlib
import logging
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import httpx

from listener.connectors.x_client import POST_FIELDS, REFUSED, Client
from listener.domain.errors import ListenerError
from listener.http.client import Unavailable, refusal, shown

log = logging.getLogger(__name__)

PATH = "/2/tweets/search/stream"
LIMIT = f"GET {PATH}"
SILENT_SECONDS = 30.0
"""The service sends at least an empty line every 20 seconds."""
STEADY_SECONDS = 10.0
"""A connection that lasts so long worked, also where it brought nothing."""
MAX_LINE_BYTES = 4 * 1024 * 1024
MAX_WAITING = 2000
"""Lines that wait for us; beyond that the stream waits, and the service may break it off."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The stream is open: what is posted from now on is told by it.

    Attributes:
        rules_changed: but what matches a new rule perhaps only half a minute later.
    """

    rules_changed: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The stream has ended, or did not come about: what is posted from now on is told by nobody."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The service will never let us have it as it is configured."""

    error: ListenerError


@dataclass(frozen=True, slots=True)
class Line:
    """What the stream tells."""

    content: bytes


Signal = Connected | Disconnected | Refused | Line


class Waits:
    """How long to wait before the next connection, as X asks for: after an open stream has broken off not at all,
    after troubles of the network a quarter of a second more each time, after an error twice as long each time,
    and twelve times as long after a 429.

    Args:
        first_seconds: after the first error; X asks for 5.
    """

    def __init__(self, first_seconds: float) -> None:
        self._first = first_seconds
        self._failures = 0

    def worked(self) -> None:
        """A connection was of use; the next failure is the first."""
        self._failures = 0

    def ended(self) -> float:
        """The seconds to wait after a connection was broken off, or did not come about."""
        seconds = min(16.0, 0.25 * self._failures)
        self._failures += 1
        return seconds

    def refused(self, status: int, asked_seconds: float | None) -> float:
        """The seconds to wait after an answer that is no stream.

        Args:
            asked_seconds: what the service asked for, which is what is done.
        """
        limited = status == httpx.codes.TOO_MANY_REQUESTS
        first, longest = (12 * self._first, 180 * self._first) if limited else (self._first, 64 * self._first)
        seconds = min(longest, first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return seconds if asked_seconds is None else asked_seconds


class Stream:
    """Keeps the stream open, and hands over what it tells in a queue.

    Args:
        before: done before each connection; returns whether it changed the rules.
        retry_seconds: first wait after an error.
    """

    def __init__(
        self,
        client: Client,
        before: Callable[[], bool],
        retry_seconds: float,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self.signals: queue.Queue[Signal] = queue.Queue(MAX_WAITING)
        self._client = client
        self._before = before
        self._waits = Waits(retry_seconds)
        self._silent_seconds = silent_seconds
        self._stop = threading.Event()
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._keep, name="stream", daemon=True)

    def start(self) -> None:
        """Begins to connect; `signals` says when that was done."""
        self._thread.start()

    def break_off(self) -> None:
        """Ends the connection that there is, so that the next is made."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends it."""
        self._stop.set()
        self.break_off()

    def _keep(self) -> None:
        with self._client.stream_client(self._silent_seconds) as http:
            while not self._stop.is_set():
                wait_seconds = self._once(http)
                self._tell(Disconnected())
                self._stop.wait(wait_seconds)

    def _once(self, http: httpx.Client) -> float:
        """Connects and follows the stream to its end. Returns for how long then to wait."""
        try:
            rules_changed = self._before()
            self._client.check_limit(LIMIT)
            self._follow(http, rules_changed)
        except Unavailable as error:
            log.warning("stream: %s", error)
            if error.status is None:
                return self._waits.ended()
            if error.status in REFUSED:
                hint = "where the app has no filtered stream, set streaming to false"
                self._tell(Refused(ListenerError(f"{error}; {hint}")))
            return self._waits.refused(error.status, error.retry_after_seconds)
        except ListenerError as error:
            self._tell(Refused(error))
            return self._waits.refused(httpx.codes.BAD_REQUEST, None)
        return self._waits.ended()

    def _follow(self, http: httpx.Client, rules_changed: bool) -> None:
        began, url = time.monotonic(), self._client.url + PATH
        try:
            with http.stream("GET", url, params=dict(POST_FIELDS)) as response:
                if response.status_code != httpx.codes.OK:
                    deadline = began + self._client.timeout_seconds
                    raise self._client.noted(refusal(url, response, deadline), LIMIT)
                if "json" not in response.headers.get("Content-Type", ""):
                    raise Unavailable(
                        f"{shown(url)}: the answer is no stream of JSON", status=response.status_code
                    )
                self._connection = response.extensions["network_stream"].get_extra_info("socket")
                self._tell(Connected(rules_changed))
                for line in lines(response.iter_bytes()):
                    self._waits.worked()
                    if line:
                        self._tell(Line(line))
                    if self._stop.is_set():
                        break
        except (httpx.HTTPError, Overlong) as error:
            log.info("stream ended: %s: %s", type(error).__name__, error)
        finally:
            self._connection = None
        if time.monotonic() - began > STEADY_SECONDS:
            self._waits.worked()

    def _tell(self, signal: Signal) -> None:
        while not self._stop.is_set():
            try:
                self.signals.put(signal, timeout=0.5)
            except queue.Full:
                continue
            return


class Overlong(ValueError):
    """A line is longer than is allowed."""


def lines(parts: Iterable[bytes], max_bytes: int = MAX_LINE_BYTES) -> Iterator[bytes]:
    """The lines of a stream without their ends; what it breaks off within is none.

    Args:
        parts: of the stream, divided in any way.

    Raises:
        Overlong: a line is longer than `max_bytes`.
    """
    rest = bytearray()
    for part in parts:
        rest += part
        if b"\n" in part:
            *whole, last = bytes(rest).split(b"\n")
            rest = bytearray(last)
            yield from (line.strip() for line in whole)
        if len(rest) > max_bytes:
            raise Overlong(f"a line of more than {max_bytes} bytes")
