"""Which DID a handle names, and which handle an account has; asked for when needed, and remembered."""

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from listener.http.client import Query, Unavailable, client, get

MAX_BYTES = 256 * 1024
MAX_REMEMBERED = 20_000
AWAY_SECONDS = 60.0
"""A directory that does not answer is not asked again for so long: posts are not to wait for names."""
USER_AGENT = "Listener"

log = logging.getLogger(__name__)


class Handles:
    """Asks a directory for accounts, and a service for handles.

    Args:
        directory: address of the PLC directory.
        service: address of a server with `com.atproto.identity.resolveHandle`.
    """

    def __init__(
        self,
        directory: str,
        service: str,
        timeout_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory.rstrip("/")
        self._service = service.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic
        self._client = client(timeout_seconds, {"User-Agent": USER_AGENT}, follow_redirects=False)
        self._known: OrderedDict[str, str | None] = OrderedDict()
        self._not_before = 0.0

    def did(self, handle: str) -> str:
        """The account that has a handle.

        Raises:
            Unavailable: it is not had this time; with the status 400 where there is none.
        """
        found = self._ask(f"{self._service}/xrpc/com.atproto.identity.resolveHandle", {"handle": handle}).get(
            "did"
        )
        if not isinstance(found, str) or not found.startswith("did:"):
            raise Unavailable(f"{self._service}: does not say whose handle is {handle}")
        return found

    def handle(self, did: str) -> str | None:
        """The handle of an account, if both name each other; None where that is not known. Never raises."""
        if did in self._known:
            self._known.move_to_end(did)
            return self._known[did]
        if not did.startswith("did:plc:") or self._monotonic() < self._not_before:
            return None  # did:web would have us ask any server that a stranger names
        try:
            found = self._verified(did)
        except Unavailable as error:
            if error.status is None or error.status >= 429:
                self._not_before = self._monotonic() + AWAY_SECONDS
                log.warning("names of authors are left out for %g s: %s", AWAY_SECONDS, error)
                return None
            found = None
        self._known[did] = found
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
        return found

    def forget(self, did: str) -> None:
        """An account may have another handle now."""
        self._known.pop(did, None)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _verified(self, did: str) -> str | None:
        names = self._ask(f"{self._directory}/{quote(did, safe=':')}").get("alsoKnownAs")
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str) and name.startswith("at://"):
                handle = name.removeprefix("at://").lower()
                return handle if self.did(handle) == did else None
        return None

    def _ask(self, url: str, query: Query | None = None) -> Mapping[str, Any]:
        answered = get(
            self._client, url, query=query, timeout_seconds=self._timeout_seconds, max_bytes=MAX_BYTES
        )
        try:
            found = json.loads(answered.body or b"")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Unavailable(f"{url}: the answer is not a JSON object")
        return found
