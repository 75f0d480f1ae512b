"""The section `Privacy`: what is held about a person, given out, or erased with a certificate."""

import json
import logging
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, Literal, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from listener.console.audit import did
from listener.console.pages import page
from listener.console.roles import ADMINS
from listener.console.section import Section
from listener.domain.errors import ListenerError, UsageError

log = logging.getLogger(__name__)

NAME = "privacy"
MOST_NAMES = 50
KEPT_ERASURES = 50


@dataclass(frozen=True)
class Named:
    """Whose data: accounts and customer records, as a person names them."""

    authors: tuple[str, ...]
    customers: tuple[str, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """All names."""
        return (*self.customers, *self.authors)


@dataclass(frozen=True)
class Holding:
    """What is held about somebody.

    Attributes:
        accounts: all that belong to them.
        others: customers to whom an account belongs that was named, and who were not.
        places: where, and how much.
    """

    accounts: Sequence[str]
    others: Sequence[str]
    places: Sequence[tuple[str, int]]


class PersonalData(Protocol):
    """What the pages do; all may block, and raise `ServiceError` where Kafka or ClickHouse is not there."""

    def look(self, named: Named) -> Holding:
        """What is held, without changing anything; raises `UsageError` for a name that is none."""
        ...

    def export(self, named: Named) -> Iterator[bytes]:
        """Everything that is held, as JSON lines."""
        ...

    def erase(self, named: Named, by: str) -> Mapping[str, Any]:
        """Erases all that was said until now; gives the certificate as JSON holds it."""
        ...


@dataclass
class Erasure:
    """One that was begun here. Once it is over, it no longer knows whom."""

    state: Literal["running", "done", "failed"] = "running"
    problem: str = ""
    certificate: Mapping[str, Any] | None = None


class _Erasures:
    """Those of this process: a certificate is to be taken away at once."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Erasure] = OrderedDict()
        self._lock = Lock()

    def begin(self, data: PersonalData, named: Named, by: str) -> str:
        erasure, number = Erasure(), secrets.token_hex(8)
        with self._lock:
            if any(other.state == "running" for other in self._known.values()):
                raise UsageError("Another erasure is being carried out: wait until it is done.")
            self._known[number] = erasure
            while len(self._known) > KEPT_ERASURES:
                self._known.popitem(last=False)
        Thread(target=_carry_out, args=(erasure, data, named, by), name="erasure", daemon=True).start()
        return number

    def get(self, number: str) -> Erasure:
        with self._lock:
            found = self._known.get(number)
        if found is None:
            raise HTTPException(
                404,
                "This erasure is not known any more: the console was started anew. Erase again for a certificate.",
            )
        return found


def _carry_out(erasure: Erasure, data: PersonalData, named: Named, by: str) -> None:
    try:
        erasure.certificate = data.erase(named, by)
        erasure.state = "done"
    except ListenerError as error:
        erasure.problem, erasure.state = str(error), "failed"
    except Exception:
        erasure.problem, erasure.state = "What exactly went wrong is in the console's log.", "failed"
        log.exception("an erasure was not carried out")


def privacy_section(data: PersonalData) -> Section:
    """The section."""
    pages = _Pages(data)
    return Section(
        NAME,
        "Privacy",
        [
            Route(f"/{NAME}", pages.form),
            Route(f"/{NAME}", pages.look, methods=["POST"]),
            Route(f"/{NAME}/export", pages.export, methods=["POST"]),
            Route(f"/{NAME}/erase", pages.erase, methods=["POST"]),
            Route(f"/{NAME}/erasures/{{number}}.json", pages.certificate_file),
            Route(f"/{NAME}/erasures/{{number}}", pages.erasure),
        ],
        ADMINS,
    )


class _Pages:
    def __init__(self, data: PersonalData) -> None:
        self._data = data
        self._erasures = _Erasures()

    def form(self, request: Request) -> Response:
        """Whose data?"""
        return _page(request)

    def look(self, request: Request) -> Response:
        """What is held about them."""
        try:
            named = _named(request)
            holding = self._look(request, named)
        except UsageError as error:
            return _page(request, 422, problem=str(error))
        return _page(request, named=named, holding=holding)

    def export(self, request: Request) -> Response:
        """All of it, as a file."""
        named = _named(request)
        for subject in named.subjects:
            did(request, "privacy.export", subject)
        lines = self._data.export(named)
        first = next(lines, b"")  # what is wrong is told as a page, not as a file that breaks off

        def whole() -> Iterator[bytes]:
            yield first
            yield from lines

        headers = {"Content-Disposition": 'attachment; filename="personal-data.jsonl"'}
        return StreamingResponse(whole(), media_type="application/jsonl", headers=headers)

    def erase(self, request: Request) -> Response:
        """Begins to erase them."""
        named = _named(request)
        if str(request.state.form.get("confirmation", "")).strip() not in named.subjects:
            holding = self._look(request, named)
            problem = f"Nothing was erased: to erase, type {named.subjects[0]} as it stands here."
            return _page(request, 422, named=named, holding=holding, problem=problem)
        number = self._erasures.begin(self._data, named, request.state.person.name)
        return RedirectResponse(f"/{NAME}/erasures/{number}", 303)

    def _look(self, request: Request, named: Named) -> Holding:
        """What is held about them; that somebody looked is written down before it is shown."""
        holding = self._data.look(named)
        for subject in named.subjects:
            did(request, "privacy.look", subject)
        return holding

    def erasure(self, request: Request) -> Response:
        """How far it is; the certificate, once it is done."""
        number = request.path_params["number"]
        return page(request, "privacy/erasure.html", number=number, erasure=self._erasures.get(number))

    def certificate_file(self, request: Request) -> Response:
        """The certificate as a file."""
        certificate = self._erasures.get(request.path_params["number"]).certificate
        if certificate is None:
            raise HTTPException(404, "There is no certificate yet.")
        text = json.dumps(certificate, indent=2, ensure_ascii=False) + "\n"
        headers = {"Content-Disposition": 'attachment; filename="certificate-of-erasure.json"'}
        return Response(text, media_type="application/json", headers=headers)


def _page(
    request: Request,
    status: int = 200,
    *,
    named: Named | None = None,
    holding: Holding | None = None,
    problem: str = "",
) -> Response:
    form = getattr(request.state, "form", {})
    return page(
        request,
        "privacy/person.html",
        status,
        named=named,
        holding=holding,
        problem=problem,
        typed={field: str(form.get(field, "")) for field in ("customers", "authors")},
    )


def _named(request: Request) -> Named:
    """Whom a form names."""
    form = request.state.form
    named = Named(_lines(form.get("authors", "")), _lines(form.get("customers", "")))
    if not named.subjects:
        raise UsageError("Say whose data: a customer's id, or an account as source-kind:native-id.")
    if len(named.subjects) > MOST_NAMES:
        raise UsageError(f"At most {MOST_NAMES} names of one person at a time.")
    return named


def _lines(text: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in str(text).splitlines() if line.strip()))
