"""Findings as alerts, each told once and withdrawn when it is over."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from clickhouse_driver import Client

from listener.domain.contract import format_utc
from listener.domain.errors import Rejected
from listener.domain.governance import Alert
from listener.domain.ids import digest
from listener.watch.findings import QUIET, Finding

KIND: Final = "spike"
EXAMPLES: Final = 3

Examples = Callable[[Finding], Sequence[str]]


def standing_of(values: Iterable[bytes | None]) -> dict[str, Alert]:
    """The newest word about each spike on the topic `alerts`, by alert id; withdrawn ones, too."""
    told: dict[str, Alert] = {}
    for value in values:
        try:
            alert = Alert.read(value or b"")
        except Rejected:
            continue
        if alert.kind == KIND and alert.sign is not None:
            told[alert.alert_id] = alert
    return told


def news(
    found: Iterable[Finding], told: Iterable[Alert], now: datetime, examples: Examples
) -> Iterator[Alert]:
    """What is to be published: alerts that were not told yet, and withdrawals of those that are over.

    Args:
        told: every spike that was told before, in the state that was told last.
        examples: ids of mentions that show a finding.
    """
    known = {alert.alert_id: alert for alert in told}
    for alert in list(known.values()):
        if not alert.withdrawn and alert.sign is not None and now - alert.due_at >= QUIET[alert.sign]:
            known[alert.alert_id] = over = alert.model_copy(update={"withdrawn": True})
            yield over
    for finding in found:
        near = (
            abs(alert.due_at - finding.at) < QUIET[finding.sign]
            for alert in known.values()
            if (alert.sign, alert.subject) == (finding.sign, finding.subject)
        )
        if any(near) or now - finding.at >= QUIET[finding.sign]:
            continue
        alert = _alert(finding, tuple(examples(finding)))
        known[alert.alert_id] = alert
        yield alert


def _alert(finding: Finding, examples: tuple[str, ...]) -> Alert:
    shown = f" For example {', '.join(examples)}." if examples else ""
    return Alert(
        alert_id=digest(KIND, finding.sign, finding.subject, format_utc(finding.at)),
        kind=KIND,
        sign=finding.sign,
        subject=finding.subject,
        due_at=finding.at,
        text=finding.words + shown,
        examples=examples,
    )


def read_examples(client: Client, finding: Finding) -> Sequence[str]:
    """The newest mentions of three parties that show a finding; of a mood complaints.

    Raises:
        What the driver raises; see `listener.clickhouse.client.translated`.
    """
    about = "has(causes, %(subject)s)" if finding.sign.startswith("cause") else "source = %(subject)s"
    mood = "AND complaint >= 0.5" if finding.sign == "source_mood" else ""
    rows = client.execute(
        f"""
        SELECT argMax(mention_id, occurred_at) AS newest FROM current_mentions
        WHERE direction = 'inbound' AND need != 'spam' AND NOT deleted AND {about} {mood}
            AND occurred_at >= parseDateTime64BestEffort(%(since)s, 3, 'UTC')
            AND occurred_at < parseDateTime64BestEffort(%(at)s, 3, 'UTC')
        GROUP BY party ORDER BY max(occurred_at) DESC, newest LIMIT {EXAMPLES}
        """,  # noqa: S608  # the words are ours
        {"subject": finding.subject, "since": format_utc(finding.since), "at": format_utc(finding.at)},
    )
    return [mention_id for (mention_id,) in rows]
