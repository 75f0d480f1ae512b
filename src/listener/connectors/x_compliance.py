"""Which posts are gone, by batch compliance: X offers it to every app, its compliance streams to Enterprise alone.

A job takes a list of ids and tells which of them must be forgotten. It takes a while, so it is done in steps.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any

from listener.connectors.json_values import mapping, text
from listener.connectors.x_client import Client
from listener.connectors.x_post import id_of
from listener.domain.errors import Rejected
from listener.http.client import Unavailable
from listener.times import parse_time

log = logging.getLogger(__name__)

PATH = "/2/compliance/jobs"
LOOK_SECONDS = 30.0
"""How often to ask whether a job is done."""
STILL_THERE = frozenset({"scrub_geo"})
"""Reasons for which only a part of a post is to be forgotten, one that we do not keep."""
ENDED = frozenset({"failed", "expired"})


@dataclass(frozen=True, slots=True)
class Gone:
    """A post that must be forgotten: deleted, or its account is deleted, deactivated, suspended or protected.

    Attributes:
        at: None where it is not told.
    """

    post_id: str
    at: datetime | None
    original: bytes


class Compliance:
    """One job after another.

    Args:
        every_seconds: from the beginning of one to that of the next.
        monotonic: clock, in seconds.
    """

    def __init__(
        self, client: Client, every_seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._every_seconds = every_seconds
        self._monotonic = monotonic
        self._began_at = -inf
        self._looked_at = -inf
        self._job: str | None = None

    def step(self, ids: Callable[[], Sequence[str]]) -> list[Gone]:
        """Does what is due, if anything. What goes wrong is tried again with the next job.

        Args:
            ids: gives those to be asked for.
        """
        now = self._monotonic()
        try:
            if self._job is None and now - self._began_at >= self._every_seconds and (asked := ids()):
                self._began_at = self._looked_at = now
                self._job = self._begin(asked)
            elif self._job is not None and now - self._looked_at >= min(LOOK_SECONDS, self._every_seconds):
                self._looked_at = now
                return self._look(self._job)
        except Unavailable as error:
            self._job = None
            log.warning("deletions cannot be asked for just now: %s", error)
        return []

    def _begin(self, ids: Sequence[str]) -> str:
        job = mapping(self._client.ask("POST", PATH, body={"type": "tweets"}).get("data"))
        job_id, upload_url = id_of(job), text(job.get("upload_url"))
        if job_id is None or upload_url is None:
            raise Unavailable(f"{PATH}: the answer names no job")
        self._client.put_file(upload_url, "".join(f"{post_id}\n" for post_id in ids).encode())
        return job_id

    def _look(self, job_id: str) -> list[Gone]:
        job = mapping(self._client.get(f"{PATH}/{job_id}", limit=f"GET {PATH}/:id").get("data"))
        status, download_url = text(job.get("status")), text(job.get("download_url"))
        if status in ENDED:
            raise Unavailable(f"{PATH}/{job_id}: {status}")
        if status != "complete" or download_url is None:
            return []
        found = list(results(self._client.get_file(download_url)))
        self._job = None
        return found


def results(content: bytes) -> Iterator[Gone]:
    """The posts that are gone, from the lines of JSON that a job results in; others are passed over."""
    for line in content.splitlines():
        try:
            found = mapping(json.loads(line))
        except ValueError:
            continue
        post_id = id_of(found)
        if post_id is not None and found.get("action") == "delete" and found.get("reason") not in STILL_THERE:
            yield Gone(post_id, _redacted_at(found), line)


def _redacted_at(found: Mapping[str, Any]) -> datetime | None:
    try:
        moment = parse_time(text(found.get("redacted_at")) or "")
    except Rejected:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
