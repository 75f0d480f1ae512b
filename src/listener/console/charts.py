"""The picture that answers a report's question, as data: `static/charts.js` draws it. Pure.

Each picture has a sentence above it that says what is to be seen, from the same figures as the table below.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from listener.console.figures import (
    NO_CAUSE,
    Figures,
    Row,
    Unit,
    cause_name,
    number,
    people,
    percent,
    readable,
    rows_of,
    spoken,
    unit_of,
)

MOST_MARKS = 12
MOST_PANELS = 9
MOST_CURVES = 6
HORIZON_HOURS = 168.0
PUBLIC = frozenset({"social", "forum", "review"})
"""Channels that everybody can read."""

Tone = Literal["strong", "plain", "muted", "good", "bad"]
Kind = Literal["ranking", "multiples", "steps", "slope", "stacked", "course"]


@dataclass(frozen=True)
class Mark:
    """One figure of a ranking, with its interval where there is one.

    Attributes:
        text: the figure as a person reads it.
    """

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    tone: Tone = "plain"
    link: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        says: what is to be seen, in one sentence.
        axis: what is measured, with its unit.
        data: what `static/charts.js` draws for this kind.
    """

    kind: Kind
    says: str
    axis: str
    data: Mapping[str, Any]

    def spec(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"kind": self.kind, "axis": self.axis, **self.data}


class CurveOf(Protocol):
    """How many of those who asked by a channel had an answer by then.

    Attributes:
        hours, shares: rising, of one length.
    """

    @property
    def channel(self) -> str: ...
    @property
    def visibility(self) -> str: ...
    @property
    def cases(self) -> int: ...
    @property
    def hours(self) -> Sequence[float]: ...
    @property
    def shares(self) -> Sequence[float]: ...


@dataclass(frozen=True)
class Week:
    """Distinct people with a root cause in a week that begins on this day."""

    cause: str
    begins: date
    parties: int


@dataclass(frozen=True)
class FixMark:
    """When a fix of a root cause was to work."""

    cause: str
    at: datetime
    words: str


def ranking(
    marks: Iterable[Mark],
    *,
    says: str,
    axis: str,
    unit: Unit,
    style: str = "bar",
    reference: float | None = None,
) -> Picture:
    """Figures under each other, each with its interval.

    Args:
        style: ``bar`` from zero, ``dot`` where zero is nothing special.
        reference: a line where nothing is different.
    """
    shown_marks = list(marks)[:MOST_MARKS]
    data = {
        "unit": unit,
        "style": style,
        "reference": reference,
        "marks": [asdict(mark) for mark in shown_marks],
    }
    return Picture("ranking", says, axis, data)


def causes_ranked(figures: Figures, names: Mapping[str, str], link: Callable[[str], str]) -> list[Picture]:
    """Which root cause troubles most people."""
    rows = rows_of(figures)
    known = [row for row in rows if row["cause"] != NO_CAUSE]
    marks = [
        Mark(
            cause_name(row["cause"], names),
            row["share"],
            f"{percent(row['share'], 1)} · {people(row['parties'])}",
            row["share_low"],
            row["share_high"],
            "muted" if row["cause"] == NO_CAUSE else "strong" if row is known[0] else "plain",
            link(row["cause"]) if row["cause"] != NO_CAUSE else "",
        )
        for row in [*known[: MOST_MARKS - 1], *(row for row in rows if row["cause"] == NO_CAUSE)]
    ]
    if not known:
        return []
    first = known[0]
    says = (
        f"{cause_name(first['cause'], names)} troubles most people: {percent(first['share'])} of all who "
        f"contacted us ({percent(first['share_low'])} to {percent(first['share_high'])})."
    )
    if len(known) > 1 and known[1]["share_high"] > first["share_low"]:
        says += f" The lead over {cause_name(known[1]['cause'], names)} is within the margin."
    return [ranking(marks, says=says, axis="share of all people who contacted the company", unit="share")]


def trends(weeks: Sequence[Week], figures: Figures, names: Mapping[str, str]) -> list[Picture]:
    """How the largest causes went on, week by week, all on one scale."""
    order = [row["cause"] for row in rows_of(figures) if row["cause"] != NO_CAUSE][:MOST_PANELS]
    by_cause: dict[str, dict[date, int]] = defaultdict(dict)
    for week in weeks:
        by_cause[week.cause][week.begins] = week.parties
    begins = sorted({week.begins for week in weeks})
    trend = {row["cause"]: row for row in rows_of(figures)}
    panels = [
        {
            "title": cause_name(cause, names),
            "note": _trend_words(trend[cause]),
            "points": [[day.isoformat(), by_cause[cause].get(day, 0)] for day in begins],
        }
        for cause in order
    ]
    if len(begins) < 2 or not panels:
        return []
    growing = [
        cause_name(row["cause"], names)
        for row in rows_of(figures)
        if row["cause"] in order and row["trend_low"] is not None and row["trend_low"] > 1
    ]
    says = f"Growing: {', '.join(growing[:3])}." if growing else "None of the largest is shown to grow."
    return [
        Picture(
            "multiples", says, "people a week; the first and the last week may be short", {"panels": panels}
        )
    ]


def _trend_words(row: Row) -> str:
    if row["trend"] is None:
        return "nobody before"
    if row["trend_low"] > 1 or row["trend_high"] < 1:
        return f"{readable(row['trend'], 'ratio')} of before"
    return "about as before"


def course(
    weeks: Sequence[Week], cause: str, fixes: Sequence[FixMark], names: Mapping[str, str], says: str
) -> list[Picture]:
    """One cause week by week, with the fixes that were declared for it."""
    begins = sorted({week.begins for week in weeks})
    of_cause = {week.begins: week.parties for week in weeks if week.cause == cause}
    if len(begins) < 2 or not of_cause:
        return []
    data = {
        "title": cause_name(cause, names),
        "points": [[day.isoformat(), of_cause.get(day, 0)] for day in begins],
        "fixes": [
            {"at": fix.at.date().isoformat(), "words": fix.words} for fix in fixes if fix.cause == cause
        ],
    }
    return [Picture("course", says, "people a week; the first and the last week may be short", data)]


def people_beside_noise(figures: Figures, names: Mapping[str, str]) -> list[Picture]:
    """The ranking by people beside that by noise."""
    rows = sorted(rows_of(figures), key=lambda row: (row["rank_by_parties"], row["rank_by_posts"]))
    rows = rows[:MOST_MARKS]
    known = [row for row in rows if row["cause"] != NO_CAUSE]
    if not known:
        return []
    by_noise = sorted(rows, key=lambda row: (row["rank_by_posts"], row["rank_by_parties"]))
    loudest = min(known, key=lambda row: (row["moved"], row["rank_by_parties"]))
    items = [
        {
            "label": cause_name(row["cause"], names),
            "left": place,
            "right": by_noise.index(row) + 1,
            "left_text": people(row["parties"]),
            "right_text": f"{number(row['posts'])} posts",
            "left_place": row["rank_by_parties"],
            "right_place": row["rank_by_posts"],
            "tone": _loud_tone(row, loudest),
        }
        for place, row in enumerate(rows, 1)
    ]
    if loudest["moved"] < 0:
        says = (
            f"Noise makes {cause_name(loudest['cause'], names)} look larger than it is: place "
            f"{loudest['rank_by_posts']} by posts, {loudest['rank_by_parties']} by people. The loudest wrote "
            f"{percent(loudest['loudest_share'])} of its posts."
        )
    else:
        says = "Noise puts no cause higher than people do."
    return [Picture("slope", says, "", {"items": items, "left": "by people", "right": "by noise"})]


def _loud_tone(row: Row, loudest: Row) -> Tone:
    if row["cause"] == NO_CAUSE or row["moved"] >= 0:
        return "muted"
    return "strong" if row is loudest else "plain"


def answer_curves(curves: Sequence[CurveOf], figures: Figures) -> list[Picture]:
    """How many have an answer after how long, by channel."""
    most = sorted((one for one in curves if one.hours), key=lambda curve: -curve.cases)[:MOST_CURVES]
    both = len({curve.visibility for curve in most}) > 1
    lines = [
        {
            "label": spoken(curve.channel),
            "note": f"{number(curve.cases)} cases",
            "tone": "strong" if both and curve.visibility == "public" else "plain",
            "points": [
                [0.0, 0.0],
                *([hours, share] for hours, share in zip(curve.hours, curve.shares, strict=True)),
            ],
        }
        for curve in most
    ]
    if not lines:
        return []
    drawn = {(curve.channel, curve.visibility) for curve in most}
    told = [
        row
        for row in rows_of(figures)
        if row["within_24h"] is not None and (row["channel"], row["visibility"]) in drawn
    ]
    says = "How many have an answer after how long."
    if len(told) > 1:
        best = max(told, key=lambda row: row["within_24h"])
        worst = min(told, key=lambda row: row["within_24h"])
        says = (
            f"After a day {percent(best['within_24h'])} have an answer by {spoken(best['channel'])}, and "
            f"{percent(worst['within_24h'])} by {spoken(worst['channel'])}."
        )
    axis = "since somebody asked" + ("; thick: public channels" if both else "")
    return [Picture("steps", says, axis, {"lines": lines, "horizon": HORIZON_HOURS})]


def habits(figures: Figures) -> list[Picture]:
    """By which channel people come back to the one that answered."""
    rows = [row for row in rows_of(figures) if row["came_back_same_share"] is not None and row["came_back"]]
    rows.sort(key=lambda row: -row["came_back_same_share"])
    marks = [
        Mark(
            spoken(row["channel"]),
            row["came_back_same_share"],
            f"{percent(row['came_back_same_share'])} of {number(row['came_back'])} who came back",
            row["came_back_same_share_low"],
            row["came_back_same_share_high"],
            "strong" if row["channel"] in PUBLIC else "plain",
        )
        for row in rows
    ]
    if not marks:
        return []
    public, private = ([row for row in rows if (row["channel"] in PUBLIC) is side] for side in (True, False))
    says = "Who comes back, and by the channel that had answered?"
    if public and private:
        says = (
            f"Of those who come back after a public answer {_in_public(public)} come in public, after a private "
            f"one {_in_public(private)}."
        )
    axis = "share who came back by the channel that had answered; dark: public channels"
    return [ranking(marks, says=says, axis=axis, unit="share")]


def _in_public(rows: Sequence[Row]) -> str:
    back = sum(row["came_back"] for row in rows)
    return percent(sum(row["came_back_public"] for row in rows) / back)


def vanished(figures: Figures) -> list[Picture]:
    """Where contacts vanish."""
    rows = [row for row in rows_of(figures) if row["share"] is not None]
    rows.sort(key=lambda row: (-row["share"], -row["parties"]))
    marks = [
        Mark(
            " · ".join(filter(None, (spoken(row["channel"]), row["queue"], row["owner"]))),
            row["share"],
            f"{percent(row['share'])} · {number(row['parties'])} of {people(row['asked'])}",
            row["share_low"],
            row["share_high"],
            "strong" if row is rows[0] else "plain",
        )
        for row in rows
    ]
    if not marks:
        return []
    first, open_now = rows[0], sum(row["open"] for row in rows)
    says = (
        f"{percent(first['share'])} of the people who asked by {spoken(first['channel'])} vanish in the queue "
        f"{first['queue']}. {number(open_now)} contacts are unanswered still, in all."
    )
    return [ranking(marks, says=says, axis="share of the people who asked by this channel", unit="share")]


def kept(figures: Figures) -> list[Picture]:
    """Deadlines kept and missed, by kind."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("met", "breached", "running"), 0))
    for row in rows_of(figures):
        for part, count in sums[row["kind"]].items():
            sums[row["kind"]][part] = count + row[part]
    kinds = sorted(sums, key=lambda kind: -sums[kind]["breached"])[:MOST_MARKS]
    if not any(sum(sums[kind].values()) for kind in kinds):
        return []
    worst = kinds[0]
    decided = sums[worst]["met"] + sums[worst]["breached"]
    says = "No deadline was missed."
    if sums[worst]["breached"]:
        missed = number(sums[worst]["breached"])
        says = f"Most are missed of {spoken(worst)}: {missed} of {number(decided)} that are decided."
    data = {
        "labels": [spoken(kind) for kind in kinds],
        "texts": [_missed(sums[kind]) for kind in kinds],
        "parts": [
            {"label": label, "tone": tone, "values": [sums[kind][part] for kind in kinds]}
            for part, label, tone in (
                ("met", "met", "good"),
                ("breached", "missed", "bad"),
                ("running", "running", "muted"),
            )
        ],
    }
    return [Picture("stacked", says, "deadlines", data)]


def _missed(sums: Mapping[str, int]) -> str:
    decided = sums["met"] + sums["breached"]
    return f"{percent(sums['breached'] / decided)} missed" if decided else "none decided"


def went_public(figures: Figures, names: Mapping[str, str], link: Callable[[str], str]) -> list[Picture]:
    """Which causes drive people into the open."""
    rows = [row for row in rows_of(figures) if row["parties_went_public"]]
    rows.sort(key=lambda row: -row["went_public_share"])
    if not rows:
        return []
    marks = [
        Mark(
            cause_name(row["root_cause"], names),
            row["went_public_share"],
            f"{percent(row['went_public_share'])} · {number(row['parties_went_public'])} of "
            f"{people(row['parties'])}",
            row["went_public_share_low"],
            row["went_public_share_high"],
            "muted" if row["root_cause"] == NO_CAUSE else "strong" if row is rows[0] else "plain",
            link(row["root_cause"]) if row["root_cause"] != NO_CAUSE else "",
        )
        for row in rows
    ]
    went = sum(row["parties_went_public"] for row in rows)
    says = f"{people(went)} went public after the company had failed them in private."
    return [ranking(marks, says=says, axis="share of the people who began in private", unit="share")]


def treated(figures: Figures) -> list[Picture]:
    """Who is answered sooner than others who are alike."""
    rows = [row for row in rows_of(figures) if row["difference"] is not None and row["compared"]]
    if not rows:
        return []
    marks = [_difference(row, f"{row['attribute']}: {row['value']}", "points") for row in rows]
    shown_apart = [mark for mark in marks if mark.tone != "plain"]
    says = "No attribute is shown to change how soon people are answered."
    if shown_apart:
        says = (
            f"Treated apart from others who are alike: {', '.join(mark.label for mark in shown_apart[:3])}."
        )
    axis = "share answered in a day, less that of others who are alike"
    return [ranking(marks, says=says, axis=axis, unit="points", style="dot", reference=0)]


def _difference(row: Row, label: str, unit: Unit) -> Mark:
    low, high = row["difference_low"], row["difference_high"]
    tone: Tone = "strong" if low is not None and (low > 0 or high < 0) else "plain"
    return Mark(label, row["difference"], readable(row["difference"], unit), low, high, tone)


def executives_load(figures: Figures, names: Mapping[str, str], link: Callable[[str], str]) -> list[Picture]:
    """What takes the executives' time."""
    rows = sorted(rows_of(figures), key=lambda row: (-row["hours"], -row["cases"]))
    if not rows:
        return []
    marks = [
        Mark(
            cause_name(row["root_cause"], names),
            row["hours"],
            f"{number(row['hours'], 1)} h · {number(row['cases'])} cases",
            tone="muted" if row["root_cause"] == NO_CAUSE else "strong" if row is rows[0] else "plain",
            link=link(row["root_cause"]) if row["root_cause"] != NO_CAUSE else "",
        )
        for row in rows
    ]
    hours = sum(row["hours"] for row in rows)
    says = f"{number(hours, 1)} hours of executives, most for: {marks[0].label}."
    if not hours:
        says = f"{number(sum(row['cases'] for row in rows))} cases came up to the executives; they answered none."
    return [ranking(marks, says=says, axis="hours of executives", unit="hours")]


def given(figures: Figures, names: Mapping[str, str]) -> list[Picture]:
    """What was given, a picture for each currency."""
    made = []
    rows = rows_of(figures)
    for currency in sorted({row["currency"] for row in rows}):
        totals: dict[str, dict[str, float]] = defaultdict(lambda: {"private": 0.0, "public": 0.0})
        for row in rows:
            if row["currency"] == currency:
                totals[row["root_cause"]][row["visibility"]] = float(row["total"])
        causes = sorted(totals, key=lambda cause: -sum(totals[cause].values()))[:MOST_MARKS]
        whole = sum(sum(sides.values()) for sides in totals.values())
        in_public = sum(sides["public"] for sides in totals.values())
        says = (
            f"{number(whole)} {currency}, most for: {cause_name(causes[0], names)}. "
            f"{percent(in_public / whole if whole else 0)} went into cases that began in public."
        )
        data = {
            "labels": [cause_name(cause, names) for cause in causes],
            "texts": [number(sum(totals[cause].values())) for cause in causes],
            "parts": [
                {"label": side, "tone": tone, "values": [totals[cause].get(side, 0.0) for cause in causes]}
                for side, tone in (("private", "plain"), ("public", "strong"))
            ],
        }
        made.append(Picture("stacked", says, currency, data))
    return made


def verdicts(figures: Figures, names: Mapping[str, str]) -> list[Picture]:
    """What the fixes did: people after / people before, against other causes."""
    rows = [row for row in rows_of(figures) if row["ratio"] is not None]
    if not rows:
        return []
    tones: dict[str, Tone] = {"reduced": "good", "worse": "bad"}
    marks = [
        Mark(
            cause_name(row["root_cause"], names),
            row["ratio"],
            f"{row['verdict']}, {readable(row['ratio'], 'ratio')} · since {row['effective_at']:%-d %b %Y}",
            row["ratio_low"],
            row["ratio_high"],
            tones.get(row["verdict"], "plain"),
        )
        for row in rows
    ]
    worked = sum(row["verdict"] == "reduced" for row in rows)
    says = f"Fixes shown to have reduced their cause: {worked} of {len(rows)}."
    axis = "people after / people before, against other causes; left of 1 is better"
    return [ranking(marks, says=says, axis=axis, unit="ratio", style="dot", reference=1)]


def outcomes_apart(figures: Figures) -> list[Picture]:
    """How answered customers differ from unanswered ones, a picture for each unit."""
    made = []
    units: tuple[tuple[Unit, str], ...] = (
        ("points", "share of answered customers less share of unanswered ones"),
        ("number", "mean of answered customers less mean of unanswered ones"),
    )
    for unit, axis in units:
        rows = [
            row
            for row in rows_of(figures)
            if row["difference"] is not None and unit_of("outcomes", "difference", row) == unit
        ]
        if rows:
            marks = [_difference(row, spoken(row["kind"]), unit) for row in rows]
            apart = [mark.label for mark in marks if mark.tone == "strong"]
            says = f"Different: {', '.join(apart)}." if apart else "No difference is shown."
            says += " Whoever is answered may differ in other ways: an association."
            made.append(ranking(marks, says=says, axis=axis, unit=unit, style="dot", reference=0))
    return made
