"""Wires what people do with cases in the console: the functions of the commands, with one connection for all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from listener.answers.answer import Refused, check_not_before, read_answer, response_id, response_of
from listener.bootstrap import decide_link, read_case
from listener.cases.act import audit_of_command, audit_of_response, check_one_party, command_of
from listener.cases.find import Target
from listener.cases.snapshots import CaseSnapshots
from listener.connectors.staff_form import KIND as STAFF_FORM
from listener.connectors.staff_form import StaffFormOptions
from listener.connectors.taken_down import audit_of, mention_of, taken_down_of
from listener.console.case_acts import Act, NotTaken, Once
from listener.console.case_store import CaseStore
from listener.console.cases import cases_section
from listener.console.contact_form import NoContact, contact_form_section
from listener.console.identities import identities_section
from listener.console.saved_views import VIEWS, SavedView, read_views, written
from listener.console.section import Section
from listener.domain.case import Case
from listener.domain.contract import rejected
from listener.domain.customer import LinkDecision
from listener.domain.errors import Rejected, UsageError
from listener.domain.governance import ConfigInForce
from listener.domain.ids import digest
from listener.domain.party import PartyOf
from listener.domain.topics import AUDIT, COMMANDS, CONFIG, RAW, RESPONSES
from listener.kafka.consume import ReadOn
from listener.settings import Settings
from listener.times import parse_zone

if TYPE_CHECKING:
    from listener.bootstrap_console import Tools

Deliver = Callable[[str, str, bytes], None]
"""Takes topic, key and value; returns once the broker has acknowledged; may block; safe in several threads."""
SENDER = "console"


def search_case(settings: Settings, case_id: str) -> Case | None:
    """Looks for a case in the whole topic `triage`.

    Raises:
        ServiceError: Kafka is not there.
    """
    try:
        return next(iter(read_case(settings, case_id)), None)
    except UsageError:
        return None


class Desk:
    """Does what people do with cases; a `listener.console.case_acts.CaseDesk`.

    Args:
        now: the installation's time.
    """

    def __init__(
        self, settings: Settings, deliver: Deliver, snapshots: CaseSnapshots, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._deliver = deliver
        self._snapshots = snapshots
        self.now = now

    def snapshot(self, case_id: str) -> Case | None:
        return self._snapshots.read(case_id)

    def answer(self, case: Case, told: Mapping[str, Any], token: str, at: datetime) -> None:
        whose = {"contact": case.anchor, "author": case.anchor_author}
        try:
            answer = read_answer({**told, **whose}, at)
            check_not_before(answer, case.opened_at)
        except Refused as error:
            raise NotTaken([_of_form(problem.field, problem.detail) for problem in error.problems]) from None
        response = response_of(answer, response_id(SENDER, token), case.anchor, case.anchor_author, at)
        self._deliver(RESPONSES.name, response.author, response.to_json())
        entry = audit_of_response(response, case.case_id)
        self._deliver(AUDIT.name, entry.actor, entry.to_json())

    def act(
        self,
        action: Act,
        contacts: Sequence[tuple[str, str]],
        subject: str,
        by: str,
        at: datetime,
        **fields: Any,
    ) -> None:
        about = [Target(name, name, author) for name, author in contacts]
        command = command_of(action, about, by, at, **fields)
        self._deliver(COMMANDS.name, command.author, command.to_json())
        entry = audit_of_command(command, subject)
        self._deliver(AUDIT.name, entry.actor, entry.to_json())

    def check_one_party(self, one: Case, other: Case, parties: Mapping[str, PartyOf]) -> None:
        first, second = (Target(case.case_id, case.anchor, case.anchor_author, case) for case in (one, other))
        check_one_party(first, second, parties)

    def decide(
        self, author: str, customer_id: str, verdict: Any, by: str, at: datetime, evidence: str
    ) -> None:
        decision = LinkDecision(customer_id=customer_id, verdict=verdict, by=by, at=at, evidence=evidence)
        decide_link(self._settings, author, decision)


def _of_form(field: str, detail: str) -> tuple[str, str]:
    """A problem of an answer at the field of the form that it comes from."""
    names = {
        "excerpt": "text",
        "goodwill.amount": "amount",
        "goodwill.currency": "currency",
        "goodwill.reason": "given_for",
    }
    return names.get(field, field), detail


class KeptViews:
    """People's views of the queue, on the compacted topic `config`; a `listener.console.saved_views.ViewBox`."""

    def __init__(self, settings: Settings, deliver: Deliver, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._deliver = deliver
        self._now = now
        self._topic: ReadOn | None = None
        self._kept: dict[str, list[SavedView]] = {}
        self._lock = Lock()

    def read(self, person: str) -> list[SavedView]:
        with self._lock:
            if self._topic is None:
                self._topic = ReadOn(self._settings.kafka, CONFIG.name)
            for record in self._topic.read_on():
                name = (record.key or b"").decode(errors="replace")
                if name.startswith(VIEWS):
                    self._kept[name.removeprefix(VIEWS)] = _views(record.value)
            return self._kept.get(person, [])

    def write(self, person: str, views: Sequence[SavedView]) -> None:
        content = written(views)
        config = ConfigInForce(
            name=f"{VIEWS}{person}",
            hash=digest(json.dumps(content, sort_keys=True)),
            content=content,
            at=self._now(),
        )
        self._deliver(CONFIG.name, config.name, config.to_json())

    def close(self) -> None:
        """Ends the connection."""
        with self._lock:
            if self._topic is not None:
                self._topic.close()
                self._topic = None


def _views(value: bytes | None) -> list[SavedView]:
    try:
        return read_views(ConfigInForce.read(value or b"").content)
    except Rejected:
        return []


class TakingDown:
    """Takes down what was said in person or by letter; a `listener.console.contact_form.TakesDown`.

    Args:
        source: name of the source under which it is stored.
    """

    def __init__(
        self, source: str, options: StaffFormOptions, deliver: Deliver, now: Callable[[], datetime]
    ) -> None:
        self.company = options.company
        self._source = source
        self._zone = parse_zone(options.zone)
        self._deliver = deliver
        self._now = now

    def today(self) -> str:
        return self._now().astimezone(self._zone).date().isoformat()

    def store(self, fields: Mapping[str, str], by: str, at: datetime) -> str:
        taken = taken_down_of({**fields, "taken_by": by})
        if errors := taken.errors(self._now().astimezone(self._zone).date()):
            raise NoContact(errors)
        mention = mention_of(taken, self._source, self._zone, at)
        self._deliver(RAW.name, mention.key, mention.to_json())
        entry = audit_of(taken, mention)
        self._deliver(AUDIT.name, entry.actor, entry.to_json())
        return taken.receipt


def case_desk(tools: Tools) -> tuple[Desk, CaseStore]:
    """What people do with cases, and what they see of them."""
    settings = tools.settings

    def query(question: str, told: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        with tools.clickhouse.client() as client:
            rows: Sequence[tuple[Any, ...]] = client.execute(question, dict(told))
            return rows

    store = CaseStore(query)
    snapshots = CaseSnapshots(
        settings.kafka, tools.recent, store.stands_at, lambda case_id: search_case(settings, case_id)
    )
    tools.opened.callback(snapshots.close)
    return Desk(settings, tools.publisher.deliver, snapshots, tools.now), store


def case_pages(tools: Tools) -> Section:
    """The queue, and each case."""
    views = KeptViews(tools.settings, tools.publisher.deliver, tools.now)
    tools.opened.callback(views.close)
    desk, store = case_desk(tools)
    return cases_section(desk, store, views, tools.hub)


def identity_pages(tools: Tools) -> Section:
    """Who somebody may be."""
    desk, store = case_desk(tools)
    return identities_section(desk, store)


def contact_form_pages(tools: Tools) -> Section:
    """What was said in person or by letter: under the source of its kind that is configured, else under its name.

    Raises:
        UsageError: its options are wrong.
    """
    sources = tools.settings.config.sources
    name = next((name for name, source in sources.items() if source.kind == STAFF_FORM), STAFF_FORM)
    try:
        options = StaffFormOptions.model_validate(sources[name].options() if name in sources else {})
    except ValidationError as error:
        raise UsageError(f"sources.{name}: {rejected(error).detail}") from None
    takes_down = TakingDown(name, options, tools.publisher.deliver, tools.now)
    return contact_form_section(takes_down, Once(), tools.now)


CASE_SECTIONS: tuple[Callable[[Tools], Section], ...] = (case_pages, identity_pages, contact_form_pages)
"""In the order of the navigation."""
