"""Cases made straight from what was said and answered, and policies from YAML, for tests of clocks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from listener.domain.clock import BlackHole, Clock
from listener.domain.command import CaseCommand
from listener.domain.document import read_document
from listener.domain.mention import Mention
from listener.domain.response import Response
from stream.history import History, command_row, contact_row, response_row
from stream.moments import DAY_MS, to_ms
from stream.triage.black_holes import black_holes_of
from stream.triage.cases import DraftCase, group_cases
from stream.triage.clocks import clocks_of
from stream.triage.failed_contacts import judge
from stream.triage.policy import Policy
from unit.stream.worlds import TaggedTexts, at

Happened = Mention | Response | CaseCommand

BASE = """
name: test
calendars:
  office:
    zone: Europe/London
    hours: {monday-friday: 09:00-17:00}
    holidays: {country: GB, subdivision: ENG}
black_hole_grace_hours: 4
queues:
  - name: service
    calendar: office
    owner: desk
    response_target_hours: {default: 8, phone: 2}
    next_response_target_hours: 4
    resolution_target_hours: 16
    pause_while_waiting: true
priority: {needs: {complaint: 50, request: 40, question: 40, unsure: 30, praise: 10}}
"""
RULE = """
jurisdictions: [GB]
regulatory_clocks:
  - name: rule
    jurisdiction: GB
    regulator: a regulator
    paragraph: "1.1"
    url: https://example.org/
    calendar: office
    pause_while_waiting: true
    stages:
      - {name: acknowledge, stop: acknowledgement, automatic: true, due: {business_days: 1, hours: 24}}
      - {name: summary, stop: final_response, due: {close_of_business_day: 3}}
      - {name: final, stop: final_response, due: {calendar_days: 56}}
"""


def policy(text: str = BASE, **replaced: str) -> Policy:
    """A policy from YAML."""
    for old, new in replaced.items():
        text = text.replace(old, new)
    return read_document(Policy, text, "p.yaml")


def cases(happened: Sequence[Happened], rules: Policy) -> list[DraftCase]:
    """The cases of one author, from records in any order."""
    history = History()
    for value in happened:
        if isinstance(value, Mention):
            found = TaggedTexts.enrichment(value.text)
            history.add_contact(contact_row(value, found, deleted="deleted" in value.text))
        elif isinstance(value, Response):
            history.add_response(response_row(value))
        else:
            history.add_command(command_row(value))
    return group_cases({"x:a": history}, rules.window_days * DAY_MS)


def looked_at(
    happened: Sequence[Happened], rules: Policy, now: datetime
) -> tuple[tuple[Clock, ...], tuple[BlackHole, ...]]:
    """The clocks and black holes of the only case, at a time."""
    [case] = cases(happened, rules)
    now_ms = to_ms(now)
    verdict = judge(case, rules, now_ms)
    return clocks_of(case, verdict, rules, now_ms), black_holes_of(case, verdict, rules)


def clocks(happened: Sequence[Happened], rules: Policy, hours: float) -> dict[str, Clock]:
    """The clocks of the only case so many hours after the start, by kind; of several the last."""
    return {clock.kind: clock for clock in looked_at(happened, rules, at(hours))[0]}


def holes(happened: Sequence[Happened], rules: Policy, hours: float) -> tuple[BlackHole, ...]:
    """The black holes of the only case so many hours after the start."""
    return looked_at(happened, rules, at(hours))[1]


def states(found: dict[str, Clock]) -> dict[str, Any]:
    """Kind to state."""
    return {kind: clock.state for kind, clock in found.items()}
