"""The console as a web application: who asks, may they, is the form ours; then a section answers."""

import hashlib
import hmac
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from listener.console.audit import Audit
from listener.console.csrf import SAFE, csrf_token, read_form
from listener.console.live import LiveHub
from listener.console.pages import HERE, THEME_COOKIE, THEMES, environment, page
from listener.console.section import Section
from listener.console.security import HEADERS, SecurityHeaders
from listener.console.sign_in import SIGN_OUT, SIGNED_OUT, SignIn, is_ours, remember_way, sign_out
from listener.domain.errors import ListenerError, UsageError
from listener.metrics import CONSOLE_REQUESTS
from listener.web import Counted, counted_method

log = logging.getLogger(__name__)

STATIC = "/static"
THIS_MACHINE = ("127.0.0.1", "localhost", "::1", "[::1]")
YEAR_SECONDS = 365 * 24 * 3600
_WORDS = {404: "There is no such page, or what it showed is gone.", 405: "That cannot be done here."}
_TITLES = {
    400: "That was not understood",
    403: "Not allowed",
    404: "Nothing is here",
    409: "Somebody was faster",
    413: "Too large",
    422: "That cannot be done",
    503: "Something that is needed does not answer",
}


def console_app(
    sections: Sequence[Section],
    sign_in: SignIn,
    *,
    hub: LiveHub,
    audit: Audit,
    key: bytes,
    public_url: str | None = None,
) -> Starlette:
    """The application, ready to be served.

    Args:
        sections: in the order of the navigation; the first that a person may see is their first page.
        sign_in: how people are known.
        key: secret of the installation; sessions and forms are signed with others that follow from it.
        public_url: where browsers reach it; this machine alone where None.

    Raises:
        ValueError: a path of a section is not below its name.
    """
    for section in sections:
        for route in section.routes:
            if route.path.split("/")[1] != section.name:
                raise ValueError(f"{route.path} is not below /{section.name}")
    secure = (public_url or "").startswith("https://")
    hosts = [urlsplit(public_url).hostname or ""] if public_url else list(THIS_MACHINE)
    app = Starlette(
        routes=[
            Route("/", _first_page),
            Route("/live", hub.stream),
            Route("/theme", _choose_theme, methods=["POST"]),
            Route(SIGN_OUT, sign_out, methods=["POST"]),
            Route(SIGNED_OUT, _first_page),
            *sign_in.routes,
            *(route for section in sections for route in section.routes),
            Mount(STATIC, _Assets(directory=HERE / "static")),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Counted, CONSOLE_REQUESTS),
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(
                SessionMiddleware,
                secret_key=derived(key, "session"),
                session_cookie="__Host-listener" if secure else "listener",
                max_age=None,
                same_site="lax",
                https_only=secure,
            ),
            Middleware(_Guard, sign_in, sections, derived(key, "csrf").encode()),
        ],
        exception_handlers={
            HTTPException: _http_error,
            ListenerError: _known_error,
            Exception: _unforeseen,
        },
    )
    app.state.sections = sections
    app.state.templates = environment()
    app.state.audit = audit
    app.state.hub = hub
    app.state.sign_in = sign_in
    app.state.assets = f"{STATIC}/{_Assets.version}"
    return app


def derived(key: bytes, purpose: str) -> str:
    """A secret for one purpose, from which the key cannot be found."""
    return hmac.digest(key, purpose.encode(), "sha256").hex()


class _Guard:
    """Lets a request pass that may: knows the person, the section, and that a form is ours."""

    def __init__(self, app: ASGIApp, sign_in: SignIn, sections: Sequence[Section], key: bytes) -> None:
        self._app = app
        self._sign_in = sign_in
        self._sections = {section.name: section for section in sections}
        self._key = key
        self._open = {route.path for route in sign_in.routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or scope["path"].startswith(f"{STATIC}/") or scope["path"] in self._open:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            refused = await self._examine(request)
        except HTTPException as error:
            refused = await _http_error(request, error)
        await (refused or self._app)(scope, receive, send)

    async def _examine(self, request: Request) -> Response | None:
        """What is answered at once; None where the request may pass."""
        person = self._sign_in.person(request)
        if person is None:
            return self._nobody(request)
        request.state.person = person
        request.state.csrf = csrf_token(self._key, person)
        # as the router reads it: the address in `request.url` depends on what a browser says in Host
        section = self._sections.get(request.scope["path"].split("/")[1])
        request.state.section = section
        if section is not None and person.role not in section.seen_by:
            raise HTTPException(403, f"The role {person.role} does not see this part.")
        if request.method not in SAFE:
            request.state.form = await read_form(request, self._key, person)
        return None

    def _nobody(self, request: Request) -> Response:
        path = request.scope["path"]
        if self._sign_in.start and request.method in SAFE and path not in (SIGNED_OUT, "/live"):
            remember_way(request)
            return RedirectResponse(self._sign_in.start, 303)
        status = 200 if path == SIGNED_OUT else 401
        return page(request, "sign_in.html", status, hint=self._sign_in.hint, start=self._sign_in.start)


class _Assets(StaticFiles):
    """Files that ship with the package, under an address that changes with what is in them."""

    version = hashlib.sha256(
        b"".join(path.read_bytes() for path in sorted((HERE / "static").rglob("*")) if path.is_file())
    ).hexdigest()[:12]

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, name = path.partition("/")
        response = await super().get_response(name if version == self.version else path, scope)
        kept = f"public, max-age={YEAR_SECONDS}, immutable" if version == self.version else "no-cache"
        response.headers["Cache-Control"] = kept
        return response


async def _first_page(request: Request) -> Response:
    role = request.state.person.role
    for section in request.app.state.sections:
        if section.label and role in section.seen_by:
            return RedirectResponse(f"/{section.name}", 303)
    raise HTTPException(403, f"There is nothing here for the role {role}.")


async def _choose_theme(request: Request) -> Response:
    chosen, back = str(request.state.form.get("theme", "")), str(request.state.form.get("back", "/"))
    if chosen not in THEMES:
        raise HTTPException(422, f"theme: one of {', '.join(THEMES)}")
    response = RedirectResponse(back if is_ours(back) else "/", 303)
    response.set_cookie(THEME_COOKIE, chosen, max_age=YEAR_SECONDS, samesite="lax", httponly=True)
    return response


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    nothing_said = error.detail == HTTPStatus(error.status_code).phrase
    detail = _WORDS.get(error.status_code, "") if nothing_said else error.detail
    return _error(request, error.status_code, detail, error.headers)


async def _known_error(request: Request, error: Exception) -> Response:
    if isinstance(error, UsageError):
        return _error(request, 422, str(error))
    log.warning("path=%s not answered: %s", request.url.path, error)
    return _error(request, 503, str(error), {"Retry-After": "10"})


async def _unforeseen(request: Request, error: Exception) -> Response:
    """Its answer passes by the middleware, which is inside of what caught the error."""
    CONSOLE_REQUESTS.labels(counted_method(request.method), "500").inc()
    return _error(request, 500, "What exactly went wrong is in the console's log.", HEADERS)


def _error(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"detail": detail}, status, headers)
    title = _TITLES.get(status, "Something went wrong")
    response = page(request, "error.html", status, title=title, detail=detail)
    response.headers.update(headers or {})
    return response
