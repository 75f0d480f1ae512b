"""Writes a simulated world with its truth as JSON lines, a file for each kind of thing."""

import errno
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from listener.domain.contract import Contract, format_utc
from listener.domain.customer import Customer
from listener.domain.errors import DiskFull, ServiceError
from listener.domain.governance import Fix
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Outcome, Response
from listener.simulator.company import CAUSES, DESKS, FULL_NAME, PUBLIC, history_of
from listener.simulator.settings import SimulationSettings
from listener.simulator.simulation import Event, TruthKnown, simulate
from listener.simulator.truth import DayTruth, MatterTruth, MentionTruth

FILE_OF: dict[type[Contract], str] = {
    Customer: "customers.jsonl",
    Mention: "mentions.jsonl",
    MentionDeleted: "deletions.jsonl",
    Response: "responses.jsonl",
    Outcome: "outcomes.jsonl",
    Fix: "fixes.jsonl",
    MentionTruth: "truth/mentions.jsonl",
    MatterTruth: "truth/cases.jsonl",
    DayTruth: "truth/days.jsonl",
}
WORLD_FILE, README_FILE, POLICY_FILE = "truth/world.jsonl", "README.txt", "policy.yaml"
_README = """\
{company}: a simulated company, its customers and what they say. Nobody in it exists.
Made with customers={customers} days={days} seed={seed}, from {start} to {end}.
The same settings make the same bytes. All files are JSON lines in the order in which things are heard.

customers.jsonl       customer records; a later line with the same customer_id replaces the earlier one
mentions.jsonl        everything said, in both directions; the same mention_id with a higher revision is an edit
deletions.jsonl       mentions that were deleted at their source
responses.jsonl       answers that are no mentions (telephone, letters), and what was noted about those that are
outcomes.jsonl        CSAT (1 to 5), repeat purchases, churn
fixes.jsonl           declared fixes
policy.yaml           what the company promised: `listener triage --policy policy.yaml`

truth/mentions.jsonl  a line for each inbound mention_id: who really said it, what about, was it failed, why
truth/cases.jsonl     a line for each matter, which is what a case should be
truth/days.jsonl      contacts that want something, new matters and parties by cause and day (UTC)
truth/world.jsonl     causes with their rates, channels with their targets and habits, the incident, the fix

A contact is failed if (a) its target passed without an answer by a person, or (b) it was answered or solved and
the same matter came back as a complaint. Contacts within 30 minutes with no answer between are one attempt,
counted at its first contact. Replies to the company's question, thanks, and chasers before the target do not
count; nor does a declined one. Targets run round the clock. `lost_answers` of a case are answers that left no
trace: nobody can find them. `pending` is true, and `ended` is "open", where the end of the history (`as_of`) came
first.
"""

_POLICY = """\
# What {company} promised its customers, in the form of a triage policy.
name: simulated
queues:
  - name: safety
    severities: [safety]
    response_target_hours: &targets {{default: 24, {targets}}}
    owner: duty-manager
    keeps_owner: true
  - name: complaints
    needs: [complaint]
    response_target_hours: *targets
    to_cause_owner: true
  - name: service
    response_target_hours: *targets
escalation:
  - {{failures: 0, level: front_line}}
  - {{failures: 1, level: manager, owner: customer-care-manager}}
  - {{failures: 3, level: executive, owner: head-of-customer-care}}
priority:
  needs: {{complaint: 50, request: 40, question: 40, unsure: 30, praise: 10}}
  severities: {{safety: 40, legal_threat: 25, vulnerable: 25}}
  per_failure: 8
"""


def write_simulation(
    settings: SimulationSettings, directory: Path, progress: Callable[[float], None] = lambda _: None
) -> dict[str, int]:
    """Writes all files of a world into a directory, which is created; older files of these names are replaced.

    Args:
        settings: of the world.
        directory: where to.
        progress: told now and then which share (0..1) of the history is done.

    Returns:
        file name → number of lines.

    Raises:
        DiskFull: no room left; what was written so far keeps the ending ``.part``.
        ServiceError: the directory cannot be written to.
    """
    counts: Counter[str] = Counter(dict.fromkeys(FILE_OF.values(), 0))
    try:
        (directory / "truth").mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files: dict[str, BinaryIO] = {
                name: stack.enter_context((directory / f"{name}.part").open("wb"))
                for name in FILE_OF.values()
            }
            for event in _watched(settings, progress):
                name = FILE_OF[type(event.value)]
                files[name].write(event.value.to_json() + b"\n")
                counts[name] += 1
        for name in FILE_OF.values():
            (directory / f"{name}.part").replace(directory / name)
        counts[WORLD_FILE] = _write_lines(directory / WORLD_FILE, world_rows(settings))
        (directory / README_FILE).write_text(readme(settings), encoding="utf-8")
        (directory / POLICY_FILE).write_text(policy(), encoding="utf-8")
    except OSError as error:
        raise _told(error, directory) from error
    return dict(counts)


def readme(settings: SimulationSettings) -> str:
    """What each file is."""
    return _README.format(
        company=FULL_NAME,
        customers=settings.customers,
        days=settings.days,
        seed=settings.seed,
        start=format_utc(settings.starts_at),
        end=format_utc(settings.ends_at),
    )


def policy() -> str:
    """What the company promised, as a triage policy: the targets by which the truth counts."""
    targets = ", ".join(f"{desk.channel}: {desk.target_hours:g}" for desk in DESKS.values())
    return _POLICY.format(company=FULL_NAME, targets=targets)


def world_rows(settings: SimulationSettings) -> Iterator[dict[str, object]]:
    """What the world is made of: a row for each cause and channel, for the incident and for the fix."""
    for cause in CAUSES:
        yield {
            "kind": "cause",
            "root_cause": cause.node,
            "owner": cause.owner,
            "needs_per_customer_and_day": cause.daily_rate * settings.activity,
        }
    for desk in DESKS.values():
        yield {
            "kind": "channel",
            "channel": desk.channel,
            "source_kind": desk.source_kind,
            "visibility": "public" if desk.channel in PUBLIC else "private",
            "answer_probability": desk.answer_probability,
            "median_hours": desk.median_hours,
            "target_hours": desk.target_hours,
            "automatic": desk.automatic,
        }
    history = history_of(settings)
    for kind, period in (("incident", history.incident), ("fix", history.fix)):
        yield {
            "kind": kind,
            "root_cause": period.node,
            "starts_at": format_utc(period.starts_at),
            "ends_at": format_utc(period.ends_at) if period.ends_at else None,
            "factor": period.factor,
        }


def _watched(settings: SimulationSettings, progress: Callable[[float], None]) -> Iterator[Event | TruthKnown]:
    length = (settings.ends_at - settings.starts_at).total_seconds()
    for number, event in enumerate(simulate(settings)):
        if number % 1000 == 0:
            progress((event.at - settings.starts_at).total_seconds() / length)
        yield event
    progress(1.0)


def _write_lines(path: Path, rows: Iterator[dict[str, object]]) -> int:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def _told(error: OSError, directory: Path) -> ServiceError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no room left in {directory}: free some, or simulate fewer customers or days")
    return ServiceError(f"cannot write to {directory}: {os.strerror(error.errno or 0)}")
