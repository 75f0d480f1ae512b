"""A policy in words that whoever carries it can read aloud. Pure.

It is read from the topic `config`, so a part that this version does not know is passed over.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Content = Mapping[str, Any]
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DUE = (
    ("hours", "{} hour"),
    ("opening_hours", "{} opening hour"),
    ("calendar_days", "{} day"),
    ("business_days", "{} business day"),
    ("close_of_business_day", "the close of business day {}"),
)
_SEVERE = {"safety": "safety", "legal_threat": "law", "vulnerable": "a vulnerable person"}
_NEEDS = {
    "complaint": "a complaint",
    "question": "a question",
    "request": "a request",
    "praise": "praise",
    "unsure": "unclear",
}
_STOPS = {
    "acknowledgement": "saying that it was received",
    "answer": "an answer by a person",
    "final_response": "the final response",
}


@dataclass(frozen=True)
class QueueRule:
    """One queue: which cases it takes, and what is promised to them."""

    name: str
    takes: str
    first: str
    following: str
    resolution: str
    calendar: str
    owner: str


@dataclass(frozen=True)
class ClockRule:
    """A deadline that a regulator sets."""

    name: str
    regulator: str
    jurisdiction: str
    holds: bool
    stages: Sequence[str]
    paragraph: str
    url: str
    checked: str


@dataclass(frozen=True)
class Rules:
    """A whole policy."""

    queues: Sequence[QueueRule]
    escalation: Sequence[str]
    priority: Sequence[tuple[str, str]]
    calendars: Sequence[tuple[str, str]]
    clocks: Sequence[ClockRule]
    others: Sequence[tuple[str, str]]


def rules_of(content: Content) -> Rules:
    """The rules of a policy."""
    holding = set(content.get("jurisdictions", ()))
    return Rules(
        queues=[_queue(queue) for queue in content.get("queues", ())],
        escalation=list(_escalation(content)),
        priority=list(_priority(content)),
        calendars=[(name, _calendar(rules)) for name, rules in content.get("calendars", {}).items()],
        clocks=[_clock(clock, holding) for clock in content.get("regulatory_clocks", ())],
        others=list(_others(content)),
    )


def _queue(queue: Content) -> QueueRule:
    conditions = []
    if queue.get("severities"):
        conditions.append(f"speaks of {_either(_SEVERE.get(word, word) for word in queue['severities'])}")
    if queue.get("needs"):
        conditions.append(f"is {_either(_NEEDS.get(word, word) for word in queue['needs'])}")
    if queue.get("causes"):
        conditions.append(f"about {_either(queue['causes'])}")
    owner = str(queue.get("owner") or "")
    if queue.get("to_cause_owner"):
        owner = f"owner of the root cause{f', else {owner}' if owner else ''}"
    if owner and queue.get("keeps_owner"):
        owner += ", however far up"
    return QueueRule(
        name=str(queue["name"]),
        takes=", ".join(conditions) or "whatever is left",
        first=_hours(queue.get("response_target_hours")),
        following=_hours(queue.get("next_response_target_hours")) or "as the first",
        resolution=_hours(queue.get("resolution_target_hours")) or "not promised",
        calendar="day and night" if queue.get("calendar", "always") == "always" else str(queue["calendar"]),
        owner=owner or "nobody by name",
    )


def _hours(targets: Any) -> str:
    if not targets:
        return ""
    told = [f"{targets['default']:g} h"]
    told += [f"{_spoken(channel)} {hours:g} h" for channel, hours in targets.items() if channel != "default"]
    return "; ".join(told)


def _escalation(content: Content) -> Iterator[str]:
    for step in content.get("escalation", ()):
        owner = f", owned by {step['owner']}" if step.get("owner") else ""
        failures = step["failures"]
        since = "From the start" if not failures else f"After {failures} failed contact{'s' * (failures > 1)}"
        yield f"{since}: {_spoken(step['level'])}{owner}."
    for field, words in (("depth", "whose contact failed at the"), ("contested", "who contest a no of the")):
        for level, up in content.get(field, {}).items():
            yield f"Cases of those {words} {_spoken(level)} go to the {_spoken(up)}."
    for level, rules in content.get("levels", {}).items():
        owners = [
            str(owner["name"]) + (f" ({_list(owner['causes'])})" if owner.get("causes") else "")
            for owner in rules.get("owners", ())
        ]
        if owners:
            yield f"The {_spoken(level)} level has {', '.join(owners)}."
        if rules.get("capacity") is not None:
            yield f"The {_spoken(level)} level holds at most {rules['capacity']} cases at a time."


def _priority(content: Content) -> Iterator[tuple[str, str]]:
    priority = content.get("priority", {})
    for need, points in priority.get("needs", {}).items():
        yield _spoken(need), str(points)
    for severity, points in priority.get("severities", {}).items():
        yield _spoken(severity), f"+{points}"
    if priority.get("per_failure"):
        yield "each failed contact", f"+{priority['per_failure']}"
    for segment, rules in content.get("segments", {}).items():
        if rules.get("priority"):
            yield f"segment {segment}", f"{rules['priority']:+d}"


def _calendar(rules: Content) -> str:
    hours = rules.get("hours", {})
    spans: list[tuple[list[str], str]] = []
    for day in _DAYS:
        told = ", ".join(hours.get(day, ())) or "closed"
        if spans and spans[-1][1] == told:
            spans[-1][0].append(day)
        else:
            spans.append(([day], told))
    parts = [
        f"{days[0].title()}{f' to {days[-1].title()}' if len(days) > 1 else ''} {told}"
        for days, told in spans
        if told != "closed"
    ]
    holidays = rules.get("holidays")
    if holidays:
        where = "-".join(filter(None, (holidays["country"], holidays.get("subdivision"))))
        parts.append(f"closed on public holidays of {where}")
    for name, words in (("closed", "more days closed"), ("exceptions", "days with other hours")):
        if rules.get(name):
            parts.append(f"{len(rules[name])} {words}")
    return f"{'; '.join(parts)} ({rules['zone']})"


def _clock(clock: Content, holding: set[str]) -> ClockRule:
    return ClockRule(
        name=str(clock["name"]),
        regulator=str(clock["regulator"]),
        jurisdiction=str(clock["jurisdiction"]),
        holds=clock["jurisdiction"] in holding,
        stages=[
            f"{_due(stage['due'])}: {_STOPS.get(stage['stop'], stage['stop'])}" for stage in clock["stages"]
        ],
        paragraph=str(clock["paragraph"]),
        url=str(clock["url"]),
        checked=str(clock.get("checked") or ""),
    )


def _due(due: Content) -> str:
    told = [
        words.format(f"{due[field]:g}") + "s" * (due[field] != 1 and field != "close_of_business_day")
        for field, words in _DUE
        if due.get(field) is not None
    ]
    return f"within {' or '.join(told)}{', the later' if len(told) > 1 else ''}"


def _others(content: Content) -> Iterator[tuple[str, str]]:
    if "window_days" in content:
        yield "One case", f"contacts about the same root cause within {content['window_days']:g} days"
    warn = content.get("warn_at") or {}
    if warn.get("fraction") is not None:
        yield "Warning", f"when {warn['fraction']:.0%} of a time have passed"
    elif warn.get("hours_before") is not None:
        yield "Warning", f"{warn['hours_before']:g} hours before the end of a time"
    if "black_hole_grace_hours" in content:
        yield "Black hole", f"unanswered {content['black_hole_grace_hours']:g} opening hours after the target"
    for severity, words in content.get("severity_words", {}).items():
        yield f"More words for {_spoken(severity)}", ", ".join(words)
    if content.get("about_service"):
        yield "About the service itself", _list(content["about_service"])
    reach = content.get("reach") or {}
    yield "Reach", "counts: see the whole policy" if reach.get("followers") else "decides nothing"


def _either(words: Iterable[str]) -> str:
    """One, or another, or a third."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _list(values: Sequence[str]) -> str:
    return ", ".join(_spoken(value) for value in values)


def _spoken(word: str) -> str:
    return str(word).replace("_", " ")
