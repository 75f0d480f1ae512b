"""What tickets are to say, for tests of desks."""

from pathlib import Path
from typing import Any

from listener.domain.case import Case
from sinks.desks.desk import Draft, Entry, Outcome, Update

EXAMPLE = Case.read((Path(__file__).parents[2] / "schemas/examples/case.v1.json").read_bytes())
ONE, OTHER = "K-AAAAAAAAAAAAA", "K-BBBBBBBBBBBBB"


def entry(number: int, text: str = "the parcel is late") -> Entry:
    """Something that was said."""
    mark = f"[chirp:{number}]"
    return Entry(mark, f"2026-03-02 09:15 UTC chirp:sam (social, public) {mark}\n{text}", True)


def draft(*entries: Entry, case_id: str = ONE, outcome: Outcome = "open", **changed: Any) -> Draft:
    """What a ticket is to say."""
    case = EXAMPLE.model_copy(update={"case_id": case_id, **changed})
    summary = f"{case_id}: waiting for us, priority {case.priority} of 100"
    return Draft(case, f"{case_id} delivery: late", summary, entries or (entry(1),), outcome)


def update(
    whole: Draft,
    *entries: Entry,
    outcome: Outcome | None = None,
    renamed_from: str | None = None,
    doubtful: bool = False,
) -> Update:
    """How it is to change."""
    return Update(whole, entries, outcome, renamed_from, doubtful)
