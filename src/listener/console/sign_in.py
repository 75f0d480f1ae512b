"""How whoever asks is known: by the printed address, or because a proxy says who it is.

By OpenID Connect: `listener.console.oidc`.
"""

import hmac
import ipaddress
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from listener.console.roles import Person, person_of
from listener.console_config import Grant, ProxyConfig

TOKEN_PATH = "/sign-in"  # noqa: S105  # a path
SIGN_OUT = "/sign-out"
SIGNED_OUT = "/signed-out"
_WHO, _WAY = "person", "way"
MAX_WAY = 1000
"""Bytes of an address that is remembered: browsers drop a cookie of more than 4 kB, and nobody could sign in."""


class SignIn(Protocol):
    """A way to sign in.

    1. Each request is asked about once; what is given holds for this request alone.
    2. Where nobody is given, the person is sent to `start`, or told `hint` where there is none.

    Attributes:
        routes: open to whoever is not signed in.
        start: path where signing in begins; None where there is nothing to click.
        hint: what a person who is not signed in has to do, in a sentence.
    """

    routes: Sequence[Route]
    start: str | None
    hint: str

    def person(self, request: Request) -> Person | None:
        """Who asks; None where nobody is signed in. Raises `HTTPException` 403 for a person without a role."""


def is_ours(address: str) -> bool:
    """Whether an address stays within the console: a browser reads ``//host`` and ``/\\host`` as another site."""
    return address.startswith("/") and not address.startswith(("//", "/\\"))


def remember_way(request: Request) -> None:
    """Where somebody wanted to go who has to sign in first."""
    way = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
    if is_ours(way) and len(way.encode()) <= MAX_WAY:
        request.session[_WAY] = way


@dataclass(frozen=True)
class Kept:
    """Whom a cookie tells of. What they may, is said anew by each request: a role that is taken away is gone."""

    name: str
    groups: Sequence[str]
    session: str


def enter(request: Request, name: str, groups: Sequence[str]) -> Response:
    """Signs a person in, whose browser keeps a signed cookie from now on, and sends them on their way."""
    way = request.session.get(_WAY, "/")
    request.session.clear()
    request.session[_WHO] = [name, list(groups), secrets.token_urlsafe(16), int(time.time())]
    return RedirectResponse(way, 303)


def kept(request: Request, max_age_seconds: float) -> Kept | None:
    """Who is signed in by the cookie, unless that was too long ago."""
    told: Any = request.session.get(_WHO)
    if told is None:
        return None
    name, groups, session, at = told
    if time.time() - at > max_age_seconds:
        request.session.clear()
        return None
    return Kept(name, groups, session)


async def sign_out(request: Request) -> Response:
    """Ends a session."""
    request.session.clear()
    return RedirectResponse(SIGNED_OUT, 303)


class TokenSignIn:
    """Whoever has the address that was printed at the start is let in as an admin.

    Args:
        token: part of the address.
        name: of the person who started it, for the audit log.
    """

    start: str | None = None
    hint = "Open the address that `listener up` or `listener console` printed at its start: it lets you in."

    def __init__(self, token: str, name: str, max_age_seconds: float) -> None:
        self._token = token
        self._name = name
        self._max_age_seconds = max_age_seconds
        self.routes: Sequence[Route] = [Route(TOKEN_PATH, self._enter)]

    def person(self, request: Request) -> Person | None:
        """By the cookie, whose name is no other than ours unless people signed in otherwise before."""
        found = kept(request, self._max_age_seconds)
        return (
            Person(found.name, "admin", session=found.session) if found and found.name == self._name else None
        )

    async def _enter(self, request: Request) -> Response:
        told = request.query_params.get("token", "")
        if not hmac.compare_digest(told.encode(), self._token.encode()):
            raise HTTPException(403, "This address is not the one of the last start.")
        return enter(request, self._name, ())


class ProxySignIn:
    """A proxy before the console has people sign in, and says in headers who they are."""

    start: str | None = None
    hint = "Come by the address of the proxy that has people sign in."
    routes: Sequence[Route] = ()

    def __init__(self, config: ProxyConfig, grants: Sequence[Grant]) -> None:
        self._config = config
        self._grants = grants
        self._networks = [ipaddress.ip_network(address) for address in config.addresses]

    def person(self, request: Request) -> Person | None:
        """By the headers, if they come from the proxy."""
        if request.client is None or not self._trusted(request.client.host):
            return None
        names = request.headers.getlist(self._config.user_header)
        told = request.headers.getlist(self._config.groups_header)
        if len(names) != 1 or len(told) > 1 or not (name := names[0].strip()):
            return None  # two of them: one is not the proxy's
        groups = [group.strip() for group in "".join(told).split(",")]
        person = person_of(name, [group for group in groups if group], self._grants, session=name)
        if person is None:
            raise HTTPException(403, f"{name} has no role in the console; an administrator gives one.")
        return person

    def _trusted(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
