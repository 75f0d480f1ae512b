"""The pages about cases: the queue, and a case with all that was said and done, and what can be done about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from listener.case_words import MATCHED, gift
from listener.console.audit import saw
from listener.console.case_acts import (
    ACTS,
    CHANNELS,
    KINDS,
    MAX_OWNER,
    MAX_REASON,
    MAX_TEXT,
    AnswerForm,
    CaseDesk,
    NotTaken,
    Once,
    is_token,
    new_token,
    sent_as,
)
from listener.console.case_queue import DUES, MINE, NOBODY, ORDERS, STATUSES, Place, QueueView
from listener.console.case_store import PAGE, CaseStore, Said
from listener.console.case_story import (
    STATES,
    Failures,
    Seen,
    clock_name,
    since,
    timeline,
    web_address,
)
from listener.console.live import LiveHub
from listener.console.pages import page
from listener.console.presence import Presence
from listener.console.roles import Person
from listener.console.saved_views import SavedView, ViewBox, with_view, without_view
from listener.console.section import Section
from listener.domain.case import OPEN_STATES, Case
from listener.domain.errors import ServiceError, UsageError
from listener.domain.ids import is_case_id
from listener.domain.response import LEVELS

NAME = "cases"
GONE = "There is no such case, or it is not in a queue of yours."
SENT = {
    "answer": "Your answer is recorded. It shows below as soon as it is processed.",
    "assign": "It is handed over.",
    "close": "It is closed.",
    "reopen": "It is open again.",
    "mark_failed": "The contact is marked as failed.",
    "needs_response": "The contact needs an answer.",
    "needs_no_response": "The contact needs no answer. A case in which nothing else asks for one is over.",
    "together": "The two are being made one case.",
    "apart": "The contact is being taken out into a case of its own.",
    "confirmed": "The link is confirmed. Their cases become one history.",
    "rejected": "The link is rejected.",
}
"""What is said after an act; the page shows its effect once the stream has processed it."""


def cases_section(
    desk: CaseDesk, store: CaseStore, views: ViewBox, hub: LiveHub, once: Once | None = None
) -> Section:
    """The section.

    Args:
        hub: is told who has which case open.
    """
    pages = _Cases(desk, store, views, hub, once or Once())
    one = f"/{NAME}/{{case_id}}"
    return Section(
        NAME,
        "Cases",
        [
            Route(f"/{NAME}", pages.queue),
            Route(f"/{NAME}/next", pages.next),
            Route(f"/{NAME}/views", pages.save_view, methods=["POST"]),
            Route(one, pages.show),
            Route(f"{one}/answer", pages.answer, methods=["POST"]),
            Route(f"{one}/act", pages.act, methods=["POST"]),
            Route(f"{one}/identity", pages.identity, methods=["POST"]),
            Route(f"{one}/open", pages.open, methods=["POST"]),
        ],
    )


@dataclass(frozen=True)
class _Draft:
    """What somebody typed and could not be taken: it is shown again, with why.

    Attributes:
        act: which of the page's forms.
        news: what happened meanwhile.
    """

    act: str = ""
    answer: AnswerForm = field(default_factory=AnswerForm)
    fields: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    news: tuple[str, ...] = ()
    token: str = ""

    @property
    def key(self) -> str:
        """Of this act: the same however often the same is sent."""
        return sent_as(self.token, {**self.fields, "": self.act})


class _Cases:
    def __init__(self, desk: CaseDesk, store: CaseStore, views: ViewBox, hub: LiveHub, once: Once) -> None:
        self._desk = desk
        self._store = store
        self._views = views
        self._hub = hub
        self._once = once
        self._presence = Presence()

    def queue(self, request: Request) -> Response:
        """A page of a view."""
        person, now = _person(request), self._desk.now()
        view = QueueView.read(request.query_params)
        after = Place.read(request.query_params.get("after", ""))
        rows = self._store.page(view, person.name, person.queues, now, after)
        more = len(rows) > PAGE
        rows = rows[:PAGE]
        counts = self._store.counts(view, person.name, person.queues, now)
        saved, trouble = self._saved(person)
        return page(
            request,
            "cases/queue.html",
            rows=rows,
            counts=counts,
            view=view,
            after=after,
            older=_address(view, rows[-1].place) if more else None,
            choices=self._store.choices(person.queues),
            statuses=STATUSES,
            dues=DUES,
            orders=ORDERS,
            states=STATES,
            mine=MINE,
            nobody=NOBODY,
            now=now,
            saved=saved,
            trouble=trouble,
            address=_address,
            case_address=_case_address,
        )

    def next(self, request: Request) -> Response:
        """The case of a view that comes after one, or the first."""
        person = _person(request)
        view = QueueView.read(request.query_params)
        after = Place.read(request.query_params.get("after", ""))
        rows = self._store.page(view, person.name, person.queues, self._desk.now(), after, size=1)
        if not rows:
            return RedirectResponse(_address(view) + ("&" if view.query else "?") + "done=1", 303)
        return RedirectResponse(_case_address(rows[0].case_id, view, rows[0].place), 303)

    def save_view(self, request: Request) -> Response:
        """Keeps a view under a name, or forgets one."""
        person, fields = _person(request), _fields(request)
        view = QueueView.read(dict(parse_qsl(fields.get("view", ""))))
        saved = self._views.read(person.name)
        if "forget" in fields:
            changed = without_view(saved, fields["forget"])
        else:
            try:
                changed = with_view(saved, fields.get("name", ""), view)
            except ValueError as error:
                raise HTTPException(422, str(error)) from None
        self._views.write(person.name, changed)
        return RedirectResponse(_address(view), 303)

    def show(self, request: Request) -> Response:
        """A case."""
        return self._show(request, self._case(request), _Draft())

    def answer(self, request: Request) -> Response:
        """Takes what somebody answered."""
        fields, form = _fields(request), AnswerForm.read(_fields(request))
        case = self._to_act_on(request)
        draft = _Draft("answer", form, fields, token=fields.get("token", ""))
        if refused := self._examine(request, case, draft, form.problems()):
            return refused
        at = self._once.first_sent(draft.key, self._desk.now())
        try:
            self._desk.answer(case, form.told(_person(request).name), draft.key, at)
        except NotTaken as error:
            return self._show(request, case, replace(draft, problems=error.problems), 422)
        except ServiceError as error:
            return self._show(request, case, replace(draft, problems={"": str(error)}), 503)
        return self._sent(request, case, draft)

    def act(self, request: Request) -> Response:
        """Takes one of `ACTS`."""
        fields = _fields(request)
        case = self._to_act_on(request)
        action = next((act for act in ACTS if act == fields.get("action")), None)
        if action is None:
            raise HTTPException(422, f"action: one of {', '.join(ACTS)}")
        draft = _Draft(action, fields=fields, token=fields.get("token", ""))
        problems: dict[str, str] = {}
        owner, reason = fields.get("owner", "").strip(), fields.get("reason", "").strip()
        if action == "assign" and not 0 < len(owner) <= MAX_OWNER:
            problems["owner"] = f"Say to whom, in at most {MAX_OWNER} characters."
        if len(reason) > MAX_REASON:
            problems["reason"] = f"Use at most {MAX_REASON} characters."
        if refused := self._examine(request, case, draft, problems):
            return refused
        try:
            contacts = self._contacts(request, case, action, fields)
            at = self._once.first_sent(draft.key, self._desk.now())
            told = {"owner": owner} if action == "assign" else {}
            self._desk.act(action, contacts, case.case_id, _person(request).name, at, reason=reason, **told)
        except UsageError as error:
            return self._show(request, case, replace(draft, problems={"": str(error)}), 422)
        except ServiceError as error:
            return self._show(request, case, replace(draft, problems={"": str(error)}), 503)
        return self._sent(request, case, draft)

    def identity(self, request: Request) -> Response:
        """Takes a person's word on who one of the authors is."""
        fields = _fields(request)
        case = self._to_act_on(request)
        if not _says_who(_person(request)):
            raise HTTPException(403, "Whose account it is, somebody says who sees the cases of all queues.")
        author, customer = fields.get("author", ""), fields.get("customer_id", "").strip()
        verdict = fields.get("verdict", "")
        if author not in case.authors or verdict not in ("confirmed", "rejected"):
            raise HTTPException(422, "Choose an author of this case, and whether it is the customer.")
        draft = _Draft(verdict, fields=fields, token=fields.get("token", ""))
        problems = {} if 0 < len(customer) <= 200 else {"customer_id": "Give the customer’s id."}
        if refused := self._examine(request, case, draft, problems):
            return refused
        at = self._once.first_sent(draft.key, self._desk.now())
        evidence = fields.get("evidence", "").strip()[:10_000]
        try:
            self._desk.decide(author, customer, verdict, _person(request).name, at, evidence)
        except ServiceError as error:
            return self._show(request, case, replace(draft, problems={"": str(error)}), 503)
        return self._sent(request, case, draft)

    def open(self, request: Request) -> Response:
        """Somebody has the case open, or has closed it."""
        case, name = self._case(request), _person(request).name
        if _fields(request).get("gone"):
            self._hub.publish(
                "presence",
                {"case_id": case.case_id, "people": self._presence.gone(case.case_id, name)},
                queue=case.queue,
            )
            return JSONResponse({})
        return JSONResponse({"people": self._here(case, name)})

    def _here(self, case: Case, name: str) -> list[str]:
        people, news = self._presence.here(case.case_id, name)
        if news:
            told = {"case_id": case.case_id, "people": people}
            self._hub.publish("presence", told, queue=case.queue)
        return people

    def _saved(self, person: Person) -> tuple[list[SavedView], str]:
        """Somebody's views; the queue is shown even where they cannot be read."""
        try:
            return list(self._views.read(person.name)), ""
        except ServiceError as error:
            return [], f"Your saved views cannot be read at the moment: {error}"

    def _case(self, request: Request) -> Case:
        """The case that is asked for.

        Raises:
            HTTPException: there is none, or it is in a queue that this person does not see: they hear the same.
        """
        case_id = request.path_params["case_id"].upper()
        case = self._desk.snapshot(case_id) if is_case_id(case_id) else None
        if case is None or not _person(request).sees(case.queue):
            raise HTTPException(404, GONE)
        return case

    def _to_act_on(self, request: Request) -> Case:
        if not _person(request).may("answer"):
            raise HTTPException(
                403, f"The role {_person(request).role} looks at cases, and does not act on them."
            )
        return self._case(request)

    def _examine(
        self, request: Request, case: Case, draft: _Draft, problems: Mapping[str, str]
    ) -> Response | None:
        """What is answered instead of doing it; None where it can be done."""
        if not is_token(draft.token):
            raise HTTPException(
                422, "This form did not come from a page of a case. Load the page, and try again."
            )
        if self._once.was_done(draft.key):
            return self._sent(request, case, draft)
        seen = Seen.read(draft.fields.get("seen", ""))
        news = ["The page was too old to tell what is new since."] if seen is None else since(seen, case)
        if news:
            return self._show(request, case, replace(draft, news=tuple(news)), 409)
        if problems:
            return self._show(request, case, replace(draft, problems=problems), 422)
        return None

    def _contacts(
        self, request: Request, case: Case, action: str, fields: Mapping[str, str]
    ) -> list[tuple[str, str]]:
        """What an act is about: contacts with their authors.

        Raises:
            UsageError: what was named is not there, or cannot be acted on so.
        """
        anchor = (case.anchor, case.anchor_author)
        if action == "together":
            other = self._other(request, case, fields.get("other", "").strip().upper())
            return [anchor, (other.anchor, other.anchor_author)]
        if action in ("assign", "close", "reopen"):
            return [anchor]
        known = {contact.mention_id: contact.author for contact in case.contacts}
        if case.state == "superseded":
            known[case.anchor] = case.anchor_author
        named = fields.get("contact", "")
        if named not in known:
            raise UsageError("This contact is not one of the case’s any more.")
        one = (named, known[named])
        if action != "apart":
            return [one]
        if len(known) < 2:
            raise UsageError("There is only one contact: nothing can be taken apart.")
        if named == case.anchor:
            beside = next(name for name in known if name != named)
            return [(beside, known[beside]), one]
        return [one, anchor]

    def _other(self, request: Request, case: Case, case_id: str) -> Case:
        other = self._desk.snapshot(case_id) if is_case_id(case_id) else None
        if other is None or not _person(request).sees(other.queue):
            raise UsageError("Name the other case by its number, such as K-ABCDEFGHJKMN2.")
        if other.state == "superseded":
            raise UsageError(f"{case_id} is part of {other.superseded_by or 'no case'} now.")
        parties = self._store.parties({case.anchor_author, other.anchor_author})
        self._desk.check_one_party(case, other, parties)
        return other

    def _sent(self, request: Request, case: Case, draft: _Draft) -> Response:
        self._once.done(draft.key)
        view, place = _from(request)
        return RedirectResponse(f"{_case_address(case.case_id, view, place)}&sent={quote(draft.act)}", 303)

    def _show(self, request: Request, case: Case, draft: _Draft, status: int = 200) -> Response:
        person, now = _person(request), self._desk.now()
        saw(request, "case", case.case_id)
        view, place = _from(request)
        if case.state == "superseded":
            return page(
                request,
                "cases/superseded.html",
                status,
                case=case,
                draft=draft,
                seen=str(Seen.of(case)),
                new_token=new_token,
                sent=SENT.get(request.query_params.get("sent", ""), ""),
                opens_again=request.query_params.get("sent") == "needs_response",
                may_act=person.may("answer"),
                view=view,
                place=place,
                address=_address,
                case_address=_case_address,
            )
        names = [case.case_id, *case.supersedes]
        contacts = [contact.mention_id for contact in case.contacts]
        said = self._store.texts(
            {*case.authors, *(contact.author for contact in case.contacts), *(r.by for r in case.responses)},
            {*contacts, *(response.response_id for response in case.responses)},
        )
        history = self._store.history(case.party, case.case_id, person.queues)
        parties = self._store.parties(case.authors)
        customer_id = case.customer.customer_id if case.customer else ""
        last = case.contacts[-1] if case.contacts else None
        given = case.goodwill[-1].currency if case.goodwill else ""
        blank = AnswerForm(channel=last.channel if last else "", level=case.level, currency=given)
        return page(
            request,
            "cases/case.html",
            status,
            case=case,
            whose=_whose(case, said),
            state=STATES[case.state],
            is_open=case.state in OPEN_STATES,
            now=now,
            entries=timeline(case, said, self._store.acts(names, contacts, case.authors), now),
            hidden=case.contact_count - len(case.contacts) + case.response_count - len(case.responses),
            failures=Failures(case.failed_contacts, history.failed, case.failed_levels),
            history=history,
            states=STATES,
            parties=parties,
            matched=MATCHED,
            evidence=_evidence(case, said) if person.queues is None else {},
            customer=self._store.customers([customer_id]).get(customer_id) if customer_id else None,
            people=[name for name in self._here(case, person.name) if name != person.name],
            owners=self._store.choices(person.queues)["owner"],
            draft=draft,
            answer=draft.answer if draft.act == "answer" else blank,
            seen=str(Seen.of(case)),
            new_token=new_token,
            sent=SENT.get(request.query_params.get("sent", ""), ""),
            may_act=person.may("answer"),
            says_who=_says_who(person),
            view=view,
            place=place,
            back=_address(view),
            address=_address,
            case_address=_case_address,
            kinds=KINDS,
            channels=CHANNELS,
            levels=LEVELS,
            max_text=MAX_TEXT,
            clock_name=clock_name,
            gift=gift,
            web_address=web_address,
            urls=_sources(case),
        )


def _whose(case: Case, said: Mapping[str, Said]) -> str:
    """Under which name the customer is spoken of: the company's, else the one that their account shows."""
    if case.customer is not None and case.customer.name:
        return case.customer.name
    shown = (said[each.mention_id].author_name for each in case.contacts if each.mention_id in said)
    return next(filter(None, shown), case.anchor_author)


def _evidence(case: Case, said: Mapping[str, Said]) -> dict[str, Sequence[str]]:
    """Author to why it is the customer, or may be, in words: they name other customers, too."""
    return {
        author: next(
            (
                said[each.mention_id].match_evidence
                for each in reversed(case.contacts)
                if each.author == author and each.mention_id in said
            ),
            (),
        )
        for author in case.authors
    }


def _sources(case: Case) -> list[tuple[str, str]]:
    """Where the newest contact of each channel stands, if it can be answered there: channel and address."""
    found: dict[str, str] = {}
    for contact in reversed(case.contacts):
        address = "" if contact.deleted else web_address(contact.url)
        if address:
            found.setdefault(contact.channel, address)
    return list(found.items())


def _says_who(person: Person) -> bool:
    """Whether they may link accounts to customers.

    Who sees some queues only may not: any customer's id could be typed, and the case would then show their record.
    """
    return person.may("answer") and person.queues is None


def _person(request: Request) -> Person:
    person: Person = request.state.person
    return person


def _fields(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.state.form.items() if isinstance(value, str)}


def _from(request: Request) -> tuple[QueueView, Place | None]:
    """The view from which somebody came to a case, and where the case stands in it."""
    asked = request.query_params
    return QueueView.read(dict(parse_qsl(asked.get("view", "")))), Place.read(asked.get("place", ""))


def _address(view: QueueView, after: Place | None = None) -> str:
    parts = [part for part in (view.query, f"after={after}" if after else "") if part]
    return f"/{NAME}" + (f"?{'&'.join(parts)}" if parts else "")


def _case_address(case_id: str, view: QueueView, place: Place | None, what: str = "") -> str:
    """Where a case is, or one of its forms; it leads back to the view, and on to what comes next in it."""
    below = f"/{what}" if what else ""
    return f"/{NAME}/{case_id}{below}?view={quote(view.query, safe='')}&place={place or ''}"
