"""What an installation knows in the end, without what may differ between two runs of the same inputs."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from listener.reports.answer import Answer

State = Mapping[str, Mapping[str, str]]
"""Table to key to content; the same content is the same text."""

QUERIES: dict[str, str] = {
    "mentions": "SELECT mention_id, * EXCEPT (mention_id, epoch, received_at, grouping_cause, match_status, "
    "match_method, match_customer, match_evidence) FROM listener.current_mentions WHERE NOT deleted",
    "deleted mentions": "SELECT mention_id, author, party, occurred_at, revision, need, causes "
    "FROM listener.current_mentions WHERE deleted",
    "parties": "SELECT author, party, customer_id FROM listener.current_parties",
    "responses": "SELECT response_id, * EXCEPT (response_id, epoch, received_at) FROM listener.current_responses",
    "cases": "SELECT case_id, * EXCEPT (case_id, case_version, supersedes) FROM listener.current_cases "
    "WHERE state != 'superseded'",
    "dead letters": "SELECT DISTINCT concat(stage, ' ', reason, ' ', digest) "
    "FROM listener.current_dead_letters WHERE stage != 'clickhouse'",
}
"""Key first. Left out: version counters (epoch, case_version, and supersedes, which tells which ids a
case had in between), times of detection (received_at), and what a row
says about the moment when it was made (match_*, grouping_cause); whose a mention is, and in which case, is the
matter of parties and cases.
Of a deleted mention the words are gone. A letter of the sink names records that a fault may repeat."""
SNAPSHOTS = "case snapshots"
WORDS = "in words"
SIGNIFICANT_DIGITS = 9
VERSIONS_OF_A_CASE = frozenset({"version", "supersedes"})
"""Which ids a case had in between depends on the order of arrival across partitions."""
DETECTION = frozenset({"received_at", "grouping_revision"})
"""When something was heard, and as which revision first: a connector that was away hears only the last."""


def table_state(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Rows by their first column; several rows of one key are one content."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, *rest in rows:
        found[str(key)].append(json.dumps(rest, default=str, ensure_ascii=False))
    return {key: "\n".join(sorted(contents)) for key, contents in found.items()}


def snapshot_state(cases: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Case snapshots without their version counters and times of detection."""
    return {
        name: json.dumps(
            {field: _undetected(value) for field, value in case.items() if field not in VERSIONS_OF_A_CASE},
            sort_keys=True,
        )
        for name, case in cases.items()
    }


def _undetected(value: Any) -> Any:
    """A field of a case, without times of detection in what it holds."""
    if isinstance(value, Mapping):
        return {name: _undetected(of) for name, of in value.items() if name not in DETECTION}
    return [_undetected(each) for each in value] if isinstance(value, list) else value


def report_state(answer: Answer) -> dict[str, str]:
    """A report's rows by their first column, and its words. Sums of the same figures in another order may differ
    far behind the point."""
    rows = [[_rounded(value) for value in row] for row in answer.rows]
    return {**table_state(rows), WORDS: "\n".join(answer.words)}


def _rounded(value: Any) -> Any:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if isinstance(value, float) else value


def clock_states(state: State) -> str:
    """How many clocks of cases are met, breached, running, in words: whether there was a time to compare."""
    cases = map(json.loads, state[SNAPSHOTS].values())
    counts = Counter(clock["state"] for case in cases for clock in case["clocks"])
    return ", ".join(f"{count} clocks {name}" for name, count in sorted(counts.items()))


def differences(undisturbed: State, disturbed: State) -> list[str]:
    """How the second differs from the first, a line for each key."""
    found: list[str] = []
    for table in undisturbed.keys() | disturbed.keys():
        one, other = undisturbed.get(table, {}), disturbed.get(table, {})
        found.extend(
            f"{table} {key}: {_told(one.get(key), other.get(key))}"
            for key in one.keys() | other.keys()
            if one.get(key) != other.get(key)
        )
    return sorted(found)


def _told(one: str | None, other: str | None) -> str:
    if one is None:
        return "is there only with faults"
    if other is None:
        return "is missing with faults"
    at = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    begin = max(0, at - 60)
    return f"without faults ...{one[begin : at + 60]}..., with faults ...{other[begin : at + 60]}..."
