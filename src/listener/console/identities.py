"""Identities to review: authors of whom it is not clear which customer they are, and a person's word on it."""

from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from listener.console.audit import saw
from listener.console.case_acts import CaseDesk
from listener.console.case_store import CaseStore
from listener.console.pages import page
from listener.console.section import Section
from listener.domain.erasure import to_ms

NAME = "identities"
PAGE = 20
VERDICTS = {
    "confirmed": "It is stored: what they said becomes one history with the customer’s.",
    "rejected": "It is stored: they are not taken for this customer again.",
}
"""What a person can say, and what they hear then."""


def identities_section(desk: CaseDesk, store: CaseStore) -> Section:
    """The section; partners, who see their queues only, are not shown whose records agree with whose."""

    def show(request: Request) -> Response:
        before = _moment(request.query_params.get("before", ""))
        doubts = store.doubts(PAGE + 1, before)
        shown = doubts[:PAGE]
        customers = store.customers({one for doubt in shown for one in doubt.candidates})
        for subject in [*(doubt.author for doubt in shown), *sorted(customers)]:
            saw(request, "person", subject)
        return page(
            request,
            "identities/review.html",
            doubts=shown,
            customers=customers,
            older=f"/{NAME}?before={to_ms(shown[-1].at)}" if len(doubts) > PAGE else None,
            first=before is not None,
            told=VERDICTS.get(request.query_params.get("told", ""), ""),
            may_act=request.state.person.may("answer"),
        )

    def decide(request: Request) -> Response:
        person, form = request.state.person, request.state.form
        if not person.may("answer"):
            raise HTTPException(
                403, f"The role {person.role} looks at identities, and does not decide on them."
            )
        author, customer = str(form.get("author", "")), str(form.get("customer_id", "")).strip()
        verdict, evidence = str(form.get("verdict", "")), str(form.get("evidence", "")).strip()[:10_000]
        named = ":" in author and 3 <= len(author) <= 300 and 0 < len(customer) <= 200
        if verdict not in VERDICTS or not named:
            raise HTTPException(422, "Say of which author, of which customer, and whether it is them.")
        desk.decide(author, customer, verdict, person.name, desk.now(), evidence)
        return RedirectResponse(f"/{NAME}?told={verdict}", 303)

    routes = [Route(f"/{NAME}", show), Route(f"/{NAME}", decide, methods=["POST"])]
    return Section(NAME, "Identities", routes, frozenset({"viewer", "agent", "analyst", "admin"}))


def _moment(text: str) -> datetime | None:
    if not text.isascii() or not text.isdecimal() or len(text) > 14:
        return None
    try:
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
