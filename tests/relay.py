"""Stands before a real server and hands requests on: a place where an answer is held back, or its asker dies."""

from collections.abc import Callable
from typing import Any

import httpx

from conformance.gate import Gate
from conformance.http_server import Answer, Request

_OF_ONE_HOP = frozenset(
    {"connection", "content-length", "content-encoding", "transfer-encoding", "date", "server"}
)


class Relay:
    """Hands on what passes the gate.

    Args:
        url: of the server.

    Attributes:
        passed: method and path of each request that the server has answered.
        when_asked: called with a request before the server is asked.
        when_answered: called with a request once the server has answered it, before the asker is told.
    """

    def __init__(self, url: str) -> None:
        self.gate = Gate()
        self.passed: list[tuple[str, str]] = []
        self.when_asked: Callable[[Request], Any] | None = None
        self.when_answered: Callable[[Request], Any] | None = None
        self._url = url

    def respond(self, request: Request) -> Answer:
        """Asks the server, and tells what it says."""
        if self.when_asked is not None:
            self.when_asked(request)
        headers = {name: value for name, value in request.headers.items() if name not in _OF_ONE_HOP}
        answered = httpx.request(
            request.method,
            self._url + request.path,
            params=[(name, value) for name, values in request.query.items() for value in values],
            headers=headers,
            content=request.body,
            timeout=60,
        )
        self.passed.append((request.method, request.path))
        if self.when_answered is not None:
            self.when_answered(request)
        kept = {name: value for name, value in answered.headers.items() if name.lower() not in _OF_ONE_HOP}
        return Answer(answered.status_code, answered.content, kept)
