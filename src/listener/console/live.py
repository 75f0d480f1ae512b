"""What happens, told to open pages as it happens: server-sent events.

    GET /live   a stream of events for whoever is signed in

A page that falls behind is not waited for: its oldest events are left out, and it hears `missed`, upon which it
loads anew what it shows.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from threading import Lock
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from listener.console.roles import Person
from listener.metrics import CONSOLE_LISTENERS

QUEUED = 200
"""Events that wait for one page."""
MAX_LISTENERS = 200
MAX_OF_ONE = 20
"""Pages of one person: each of their browsers has one. Nobody else is kept out by somebody who opens more."""
LIFE_SECONDS = 3600.0
"""Then a stream ends and its page asks again, so that nobody hears on whose session or role has ended."""
BEAT_SECONDS = 15.0
"""How often something is said where nothing happens: proxies cut what is silent for a minute."""
AGAIN_MS = 3000


class LiveHub:
    """Hands what is published to every page that listens. `publish` may be called from any thread.

    Args:
        max_listeners: more are turned away, and their pages ask again.
    """

    def __init__(self, max_listeners: int = MAX_LISTENERS) -> None:
        self._max_listeners = max_listeners
        self._listeners: set[_Listener] = set()
        self._lock = Lock()
        self._closed = False

    def __len__(self) -> int:
        return len(self._listeners)

    def publish(self, event: str, data: Mapping[str, Any], *, queue: str | None = None) -> None:
        """Tells an event.

        Args:
            event: one of ``case``, ``alert``, ``flow``, ``presence``, or a section's own, ``section.word``.
            data: ids and figures, never a text of a customer's.
            queue: of the case that it is about, so that only those are told who see it; None for the staff alone.
        """
        text = _written(event, data)
        with self._lock:
            listeners = [one for one in self._listeners if one.may_hear(queue)]
        for listener in listeners:
            listener.put(text)

    def close(self) -> None:
        """Ends every stream, so that the server can end."""
        with self._lock:
            self._closed = True
            listeners = list(self._listeners)
        for listener in listeners:
            listener.end()

    async def events(self, person: Person) -> AsyncIterator[str]:
        """The events of one page, in the form of server-sent events, until it goes or the hub closes."""
        listener = _Listener(person)
        with self._lock:
            if self._closed or self._is_full(person):
                return
            self._listeners.add(listener)
            CONSOLE_LISTENERS.set(len(self._listeners))
        try:
            yield f"retry: {AGAIN_MS}\n\n"
            async for text in listener.texts():
                yield text
        finally:
            with self._lock:
                self._listeners.discard(listener)
                CONSOLE_LISTENERS.set(len(self._listeners))

    async def stream(self, request: Request) -> Response:
        """Answers ``GET /live``."""
        with self._lock:
            full = self._is_full(request.state.person)
        if full:
            raise HTTPException(503, "Too many pages are open.", {"Retry-After": "30"})
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(
            self.events(request.state.person), media_type="text/event-stream", headers=headers
        )

    def _is_full(self, person: Person) -> bool:
        theirs = sum(one.is_of(person) for one in self._listeners)
        return len(self._listeners) >= self._max_listeners or theirs >= MAX_OF_ONE


class _Listener:
    """One page: what waits for it, with the loop in which it is awaited."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[str] = deque()
        self._something = asyncio.Event()
        self._missed = False
        self._ended = False

    def is_of(self, person: Person) -> bool:
        return self._person.name == person.name

    def may_hear(self, queue: str | None) -> bool:
        return self._person.queues is None or (queue is not None and self._person.sees(queue))

    def put(self, text: str) -> None:
        self._call(lambda: self._take(text))

    def end(self) -> None:
        self._ended = True
        self._call(self._something.set)

    async def texts(self) -> AsyncIterator[str]:
        until = self._loop.time() + LIFE_SECONDS
        while not self._ended and self._loop.time() < until:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._something.wait()
            except TimeoutError:
                yield ": still here\n\n"
                continue
            self._something.clear()
            if self._missed:
                self._missed = False
                yield _written("missed", {})
            while self._waiting:
                yield self._waiting.popleft()

    def _take(self, text: str) -> None:
        if len(self._waiting) >= QUEUED:
            self._waiting.popleft()
            self._missed = True
        self._waiting.append(text)
        self._something.set()

    def _call(self, what: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            self._ended = True  # the loop is closed: nobody reads any more


def _written(event: str, data: Mapping[str, Any]) -> str:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n"
