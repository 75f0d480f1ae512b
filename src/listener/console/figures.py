"""What a report's figures mean, and how a person reads them: headings, units, a table. Pure."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from listener.domain.contract import format_utc

Unit = Literal[
    "words", "count", "share", "points", "change", "ratio", "hours", "number", "amount", "moved", "time"
]
"""share: of 1. points: a difference of shares. change: relative, of 1. moved: places in a ranking, with sign."""
Row = Mapping[str, Any]
NARROW = "\u202f"
"""A space that keeps a number and what belongs to it on one line."""
NOT_KNOWN = "–"
NO_CAUSE = "unknown"
NO_CAUSE_WORDS = "no cause found"


class Figures(Protocol):
    """What a report gives: columns by name, rows, and sentences."""

    @property
    def columns(self) -> Sequence[str]:
        """Names, in order."""
        ...

    @property
    def rows(self) -> Sequence[Sequence[Any]]:
        """Plain values; None where nothing can be said."""
        ...

    @property
    def words(self) -> Sequence[str]:
        """What they say."""
        ...


@dataclass(frozen=True)
class Column:
    """What a column means."""

    heading: str
    unit: Unit = "count"
    meaning: str = ""


@dataclass(frozen=True)
class Value:
    """One figure in a table: its column, as it is, and as a person reads it."""

    column: str
    raw: str
    text: str
    unit: Unit


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table: a figure, perhaps with its interval, perhaps as a link."""

    value: Value
    low: Value | None = None
    high: Value | None = None
    link: str = ""


@dataclass(frozen=True)
class Table:
    """A table for a page."""

    head: Sequence[Column]
    rows: Sequence[Sequence[Cell]] = field(default_factory=list)


_CAUSE = Column("Root cause", "words", "of the company's own taxonomy; unknown where no cause was found")
_OWNER = Column("Owner", "words", "who owns the process behind the cause")
_PARTIES = Column(
    "People", "count", "distinct customers and unmatched authors; whoever writes a hundred times is one"
)
_CASES = Column("Cases", "count", "in which somebody asked in this time")
_CHANNEL = Column(
    "Channel",
    "words",
    "social, forum, review, email, phone, chat, in_person, partner, letter, web_feedback or executive",
)
_VISIBILITY = Column("Visibility", "words", "public or private")
_SHARED: dict[str, Column] = {
    "cause": _CAUSE,
    "root_cause": _CAUSE,
    "owner": _OWNER,
    "parties": _PARTIES,
    "cases": _CASES,
    "channel": _CHANNEL,
    "visibility": _VISIBILITY,
    "source": Column("Source", "words", "the configured connector that heard it"),
    "queue": Column("Queue", "words", "in which the contact alone would wait, by the policy"),
    "compared": Column("Compared", "count", "people in groups that have both"),
    "left_out": Column("Left out", "count", "people in groups that have only one of the two"),
}
_COLUMNS: dict[str, dict[str, Column]] = {
    "root-causes": {
        "customers": Column("Known customers", "count", "people who are customers of the company's records"),
        "unmatched_authors": Column("Not recognised", "count", "authors who are matched to no customer"),
        "mentions": Column("Contacts", "count", "that raise it; deleted ones keep counting"),
        "cases": Column("Cases", "count", "opened in this time"),
        "all_parties": Column("Of all people", "count", "who contacted the company, about whatever"),
        "share": Column("Share", "share", "of all people who contacted the company; 95% interval"),
        "parties_before": Column("People before", "count", "in the time of equal length before"),
        "trend": Column("Trend", "ratio", "people now / people before; 95% interval"),
        "severe_parties": Column(
            "Severe", "count", "people with a contact about safety, law, or a vulnerable person"
        ),
        "executive_answers": Column("Executives' answers", "count", "in the cases of this cause"),
        "goodwill": Column(
            "Goodwill", "words", "what was given in the cases of this cause, a sum for each currency"
        ),
        "true_share": Column(
            "Share, corrected", "share", "with the known mistakes of model and match taken in; 95% interval"
        ),
    },
    "loudness": {
        "posts": Column("Posts", "count", "all that was said, also by those who only pass on others' words"),
        "copies": Column("Copies", "count", "posts in words that were there already"),
        "loudest_share": Column("The loudest", "share", "of all posts, by the one who said most"),
        "gini": Column("Inequality", "number", "Gini's: 0 where all say equally much, 1 where one says all"),
        "effective_parties": Column("As loud as", "number", "so many equally loud people"),
        "reach": Column("Followers", "count", "of all together"),
        "rank_by_parties": Column("Place by people", "count", "1 is the cause of most people"),
        "rank_by_posts": Column("Place by noise", "count", "1 is the cause of most posts"),
        "moved": Column("Moved", "moved", "places; below 0: noise makes it look larger than it is"),
    },
    "channels": {
        "answered": Column("Answered", "count", "by a person"),
        "never_answered": Column("Waiting", "count", "nobody had answered when observation ended"),
        "closed": Column("Closed", "count", "without an answer"),
        "deleted": Column("Deleted", "count", "by the person, before an answer"),
        "answered_elsewhere": Column("By another channel", "count", "answered, but not where they had asked"),
        "within_1h": Column("Within 1 h", "share", "answered by a person; 95% interval"),
        "within_24h": Column("Within a day", "share", "answered by a person; 95% interval"),
        "within_168h": Column("Within a week", "share", "answered by a person; 95% interval"),
        "never_answered_share": Column(
            "Never answered",
            "share",
            "by no person within 30 days, or as long as it can be told, a week at least; "
            "who waits today is not taken for never",
        ),
        "mean_hours": Column(
            "Hours waited", "hours", "in the mean, of one week; never answered is a whole week"
        ),
        "median_hours": Column("Half after", "hours", "after so many hours half are answered; – is never"),
        "resolved_within_168h": Column("Resolved in a week", "share", "not only answered; 95% interval"),
        "longer_than_public_hours": Column(
            "Longer than in public",
            "hours",
            "of a week, that people wait longer here than in public, with the same cause and severity",
        ),
        "public_advantage_hours": Column(
            "Advantage of public", "hours", "the same of all private channels together; one for all rows"
        ),
    },
    "what-we-teach": {
        "answered": Column("Answered", "count", "cases that a person answered by this channel"),
        "came_back": Column("Came back", "count", "asked about something again"),
        "came_back_share": Column("Share who came back", "share", "of the answered cases; 95% interval"),
        "came_back_same": Column("By the same channel", "count", "of those that came back"),
        "came_back_same_share": Column(
            "Share by the same channel", "share", "of those who came back; 95% interval"
        ),
        "came_back_public": Column("In public", "count", "of those that came back, whichever public channel"),
        "contacts_a_week": Column(
            "Contacts a week", "number", "that want an answer, in the mean of the last whole weeks"
        ),
        "hours_a_week": Column(
            "Hours a week", "hours", "of work that the next week brings; 95% prediction interval"
        ),
        "hours_a_week_shifted": Column(
            "Hours, if all came so",
            "hours",
            "the same if everybody came by the channels by which people come back who were answered before",
        ),
    },
    "black-holes": {
        "channel": Column("Channel", "words", "by which the contact came in"),
        "owner": Column("Owner", "words", "of the queue, or of the root cause; empty where nobody is named"),
        "contacts": Column("Contacts", "count", "that nobody answered by target and grace"),
        "asked": Column("People who asked", "count", "by this channel"),
        "share": Column("Share", "share", "of the people who asked by this channel"),
        "open": Column("Still open", "count", "unanswered today"),
        "acknowledged": Column("Acknowledged", "count", "received an automatic reply"),
        "chased": Column("Asked again", "count", "contacts after which somebody asked again"),
        "oldest_open": Column("Oldest open", "time", "when the oldest that is unanswered today was said"),
    },
    "deadlines": {
        "family": Column("Set by", "words", "promise: the company itself; regulatory: a regulator"),
        "jurisdiction": Column("Where", "words", "country of a regulator's deadline; else empty"),
        "kind": Column("Deadline", "words", "which one, by its name in the policy"),
        "channel": Column("Channel", "words", "of the first contact that asked, or of the first of the case"),
        "source": Column("Source", "words", "the configured connector that heard that contact"),
        "deadlines": Column("Deadlines", "count", "all of this kind, of cases opened in this time"),
        "met": Column("Met", "count", "deadlines that were kept"),
        "breached": Column("Missed", "count", "deadlines that were not kept"),
        "running": Column("Running", "count", "deadlines that are not decided yet, paused ones as well"),
        "running_out": Column("Running out", "count", "of the running, due within 24 hours"),
        "withdrawn": Column("Withdrawn", "count", "deadlines that hold no longer"),
        "met_share": Column("Share met", "share", "of the deadlines that are decided"),
        "parties": Column("People", "count", "with a decided deadline"),
        "parties_breached": Column("People missed", "count", "people with a missed one"),
        "breached_share": Column("Share missed", "share", "of people"),
    },
    "escalations": {
        "cases": Column("Cases", "count", "opened in this time, that began in private and wanted an answer"),
        "parties_failed": Column("Failed", "count", "people with a contact that the company failed"),
        "parties_failed_twice": Column(
            "Failed twice", "count", "people with a case in which two contacts or more failed"
        ),
        "parties_went_public": Column("Went public", "count", "people, after a private contact that failed"),
        "went_public_share": Column(
            "Share who went public", "share", "of the people who began in private; 95% interval"
        ),
        "cases_went_public": Column("Cases that went public", "count", "after a private contact that failed"),
        "private_attempts": Column(
            "Attempts before", "number", "in private, in the mean, before going public"
        ),
        "most_failed": Column("Most failures", "count", "contacts of one case that failed"),
        "parties_at_executives": Column("At the executives", "count", "people whose case came up so far"),
    },
    "fairness": {
        "attribute": Column(
            "Attribute",
            "words",
            "reach: followers; verified: the mark on the account; segment: of the customer",
        ),
        "value": Column("Value", "words", "of the attribute, such as 100 to 999 followers"),
        "parties": Column(
            "People",
            "count",
            "with a case that was watched for 24 hours, once in each channel, need, cause, severity",
        ),
        "in_a_day": Column("Answered in a day", "share", "of these, by a person within 24 hours"),
        "difference": Column(
            "Difference", "points", "to others in the same channel, with the same need, cause and severity"
        ),
    },
    "executives": {
        "cases": Column("Cases", "count", "addressed to executives, come up to them, or answered by one"),
        "answers": Column("Answers", "count", "by executives"),
        "hours": Column("Hours", "hours", "of executives, at 30 minutes for each answer"),
        "addressed_to_them": Column(
            "Addressed to them", "count", "cases that began with a contact to executives"
        ),
        "failed_contacts": Column("Failed contacts", "count", "of these cases, that the company failed"),
    },
    "goodwill": {
        "currency": Column("Currency", "words", "by its three letters, such as EUR"),
        "visibility": Column("Visibility", "words", "public or private: how the case began"),
        "gifts": Column("Gifts", "count", "in cases opened in this time; a case can have several"),
        "total": Column("Total", "amount", "of all gifts"),
        "middle": Column("Middle", "amount", "the median gift"),
        "largest": Column("Largest", "amount", "the largest gift"),
    },
    "fixes": {
        "fix_id": Column("Fix", "words", "its id"),
        "root_cause": Column("Root cause", "words", "which the fix was declared for"),
        "effective_at": Column("Effective", "time", "from when on it is to work, as declared"),
        "verdict": Column(
            "Verdict",
            "words",
            "reduced: the whole interval of the ratio is below 1; worse: above; else not shown",
        ),
        "ratio": Column("After / before", "ratio", "against other causes; 90% interval"),
        "events_before": Column(
            "People before", "count", "on each day, added up; the 14 days before the fix do not count"
        ),
        "events_after": Column("People after", "count", "on each day from the fix on, added up"),
        "drift": Column(
            "Drift",
            "ratio",
            "how the cause changed in four weeks against other causes before the fix; 90% interval",
        ),
    },
    "outcomes": {
        "kind": Column(
            "Outcome", "words", "csat, repeat_purchase or churn, within 90 days after the first case"
        ),
        "answered": Column("Answered", "count", "customers whose first case a person answered"),
        "unanswered": Column("Unanswered", "count", "customers whose first case nobody answered"),
        "mean_answered": Column(
            "Mean, answered", "number", "CSAT of those answered; else their share who bought again, or left"
        ),
        "mean_unanswered": Column("Mean, unanswered", "number", "the same of those whom nobody answered"),
        "difference": Column("Difference", "number", "answered less unanswered, among alike customers"),
        "figure": Column("Figure", "words", "purchases, or amount: what was spent on them"),
        "days_before": Column("Days before", "count", "that are looked at, before the incident"),
        "days_after": Column("Days after", "count", "from the first day of the incident on"),
        "mean_before": Column("Mean before", "number", "of a day before the incident"),
        "mean_after": Column("Mean after", "number", "of a day from it on"),
        "change": Column(
            "Change",
            "change",
            "from the incident on against what weekday and trend led to expect, such as -0.08; 95% interval",
        ),
        "verdict": Column(
            "Verdict",
            "words",
            "lower: the whole interval of the change is below 0; higher: above; else no effect shown",
        ),
    },
}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a formula of a spreadsheet begins with."""
FILTERS: dict[str, tuple[str, ...]] = {
    "root-causes": ("owner",),
    "channels": ("visibility",),
    "black-holes": ("channel", "queue", "owner"),
    "deadlines": ("family", "kind", "channel"),
    "fairness": ("attribute",),
    "executives": ("owner",),
    "goodwill": ("currency", "visibility"),
    "fixes": ("root_cause",),
}
"""Report to the columns by whose values its rows can be picked."""

OUR_WORDS = frozenset({"channel", "kind", "attribute", "family", "visibility"})
"""Columns that hold words of Listener's, not names that somebody chose."""
LEADING: dict[str, tuple[str, ...]] = {
    "root-causes": ("cause", "owner", "parties", "share", "trend", "cases", "severe_parties", "goodwill"),
    "loudness": ("cause", "parties", "posts", "moved", "loudest_share", "copies"),
    "channels": (
        *("channel", "visibility", "cases", "within_1h", "within_24h", "within_168h", "never_answered_share"),
        *("mean_hours", "longer_than_public_hours"),
    ),
    "what-we-teach": (
        *("channel", "answered", "came_back_share", "came_back_same_share"),
        *("hours_a_week", "hours_a_week_shifted"),
    ),
    "black-holes": ("channel", "queue", "owner", "share", "contacts", "open", "oldest_open"),
    "deadlines": ("kind", "channel", "met", "breached", "met_share", "breached_share", "running_out"),
    "escalations": ("root_cause", "parties", "went_public_share", "private_attempts"),
    "fixes": ("root_cause", "effective_at", "verdict", "ratio"),
    "outcomes": ("kind", "difference", "mean_answered", "mean_unanswered"),
}
"""Report to the columns that answer its question; the others follow in the report's order."""
SHARES_OF_OUTCOMES = frozenset({"repeat_purchase", "churn"})
"""Outcomes of which the mean is a share of people."""


def meaning_of(report: str, column: str) -> Column:
    """What a column of a report means, or an end of its interval; its own name where nobody has said."""
    own = _COLUMNS.get(report, {})
    stem = column.removesuffix("_low").removesuffix("_high")
    column = stem if stem in own else column
    return own.get(column) or _SHARED.get(column) or Column(column.replace("_", " "), "words")


def unit_of(report: str, column: str, row: Row) -> Unit:
    """The unit of a figure: of outcomes it depends on which outcome it is."""
    unit = meaning_of(report, column).unit
    if report == "outcomes" and unit == "number" and row.get("kind") in SHARES_OF_OUTCOMES:
        return "points" if column == "difference" else "share"
    return unit


def rows_of(figures: Figures) -> list[dict[str, Any]]:
    """The rows by name of the column."""
    return [dict(zip(figures.columns, row, strict=True)) for row in figures.rows]


def picked(figures: Figures, wanted: Mapping[str, str]) -> list[Sequence[Any]]:
    """The rows in which these columns read so, as the page shows them."""
    places = {list(figures.columns).index(name): text for name, text in wanted.items()}
    return [row for row in figures.rows if all(shown(row[place]) == text for place, text in places.items())]


def values_of(figures: Figures, column: str) -> list[str]:
    """All that stands in a column, as the page shows it."""
    place = list(figures.columns).index(column)
    return sorted({shown(row[place]) for row in figures.rows})


def shown(value: Any) -> str:
    """A word of a report, as a person reads it."""
    return "nobody" if value in ("", None) else str(value)


def spoken(word: Any) -> str:
    """A word of ours as people write it: `web_feedback` is web feedback."""
    return str(word).replace("_", " ")


def table(
    report: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    names: Mapping[str, str],
    link: Callable[[str, Row], str] = lambda _column, _row: "",
) -> Table:
    """A table in which an interval stands beside its figure.

    Args:
        names: root cause to what people call it.
        link: column and row to where it leads; empty where nowhere.
    """
    there = set(columns)
    intervals = {name for name in columns if {f"{name}_low", f"{name}_high"} <= there}
    bounds = {f"{name}_{end}" for name in intervals for end in ("low", "high")}
    leading = [name for name in LEADING.get(report, ()) if name in there]
    main = [*leading, *(name for name in columns if name not in bounds and name not in leading)]
    made = []
    for row in rows:
        by_name = dict(zip(columns, row, strict=True))

        def value(name: str, of: str, by_name: Row = by_name) -> Value:
            unit = unit_of(report, of, by_name)
            raw = by_name[name]
            text = readable(raw, unit)
            if of in ("cause", "root_cause"):
                text = cause_name(str(raw), names)
            elif of in OUR_WORDS:
                text = spoken(text)
            return Value(name, _raw(raw), text, unit)

        cells = []
        for name in main:
            low, high = (
                (value(f"{name}_low", name), value(f"{name}_high", name))
                if name in intervals
                else (None, None)
            )
            cells.append(Cell(value(name, name), low, high, link(name, by_name)))
        made.append(cells)
    return Table([meaning_of(report, name) for name in main], made)


def cause_name(cause: str, names: Mapping[str, str]) -> str:
    """What people call a root cause."""
    return NO_CAUSE_WORDS if cause == NO_CAUSE else names.get(cause, cause)


def readable(value: Any, unit: Unit) -> str:
    """A figure as a person reads it."""
    if value is None or value == "":
        return NOT_KNOWN
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    match unit:
        case "share":
            return percent(value, 1)
        case "points":
            return f"{value * 100:+.1f} points"
        case "change":
            return f"{value * 100:+.1f}{NARROW}%"
        case "ratio":
            return f"×{NARROW}{value:.2f}"
        case "hours":
            return f"{number(value, 1)}{NARROW}h"
        case "number" | "amount":
            return number(value, 2)
        case "moved":
            return f"{value:+d}" if value else "0"
        case "count":
            return number(value)
        case _:
            return str(value)


def percent(share: float, digits: int = 0) -> str:
    """A share of 1 in per cent."""
    return f"{share * 100:.{digits}f}{NARROW}%"


def number(value: float, digits: int = 0) -> str:
    """A number with its thousands apart."""
    return f"{value:,.{digits}f}".replace(",", NARROW)


def people(count: int) -> str:
    """So many people."""
    return f"{number(count)} {'person' if count == 1 else 'people'}"


def as_csv(figures: Figures) -> str:
    """The figures as `listener report --format csv` gives them, without words that a spreadsheet carries out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(figures.columns)
    writer.writerows([_only_text(value) for value in row] for row in figures.rows)
    return out.getvalue()


def _only_text(value: Any) -> Any:
    """A word that begins like a formula, behind an apostrophe: owners and the like are typed by people."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def _raw(value: Any) -> str:
    if isinstance(value, datetime):
        return format_utc(value if value.tzinfo else value.replace(tzinfo=UTC))
    return "" if value is None else str(value)
