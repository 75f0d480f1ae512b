"""What we promised in our answers, and by when: a small set of rules over English sentences.

A sentence is a commitment where it says that something will be done by us or will reach the customer, and names
a time: "we will refund you within 5 days", "it will be done by tomorrow", "expect a call on 12 May". It is none
where it asks, denies, makes a condition, or tells what the customer has to do.

The day is worked out where it is certain: hours, days and weeks from the answer on, today, tomorrow, a date.
Working days depend on whose calendar, and "by Monday" said on a Monday may mean either one: these stay words.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stream.moments import from_ms

MAX_AHEAD_DAYS = 366
"""What seems to be promised for later is rather a misreading."""
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_NUMBER = rf"\d{{1,3}}|an?|{'|'.join(_NUMBERS)}"
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?"
)
_UNTIL = r"(?:by|on|before|until|no later than|not later than)"
_SPAN = re.compile(
    rf"\b(?:within|in)(?: the next| about)? (?:(?:{_NUMBER}) ?(?:-|–|to|or) ?)?(?P<count>{_NUMBER}) "
    r"(?P<working>working |business )?(?P<unit>hour|day|week|month)s?\b"
)
_DATES = (
    re.compile(rf"\b{_UNTIL} (?P<year>\d{{4}})-(?P<number>\d\d)-(?P<day>\d\d)\b"),
    re.compile(
        rf"\b{_UNTIL}(?: \w+day,?)?(?: the)? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\b"
        r"(?:,? (?P<year>\d{4}))?"
    ),
    re.compile(
        rf"\b{_UNTIL}(?: \w+day,?)? (?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b"
        r"(?:,? (?P<year>\d{4}))?"
    ),
)
_WEEKDAY = re.compile(rf"\b(?:{_UNTIL}|this|next) (?P<weekday>{'|'.join(_WEEKDAYS)})\b")
_SOON = re.compile(r"\b(?P<soon>today|tonight|tomorrow)\b")
_VAGUE = re.compile(
    r"\b(?:by the end of|later|this|next|within|before the end of)(?: the| this| next)? (?:day|week|month)\b"
)

_OURS = re.compile(
    r"\b(?:we|i|they)(?: will|'ll| shall|'re going to| are going to|'m going to| am going to)\b"
    r"|\b(?:will|should|is going to) (?:be|arrive|reach|work|come|get|have|receive|call|send|contact|visit|go)\b"
    r"|\byou(?: will|'ll| should| can expect)\b|\bexpect (?:a|an|it|the|your)\b"
)
_NONE = re.compile(
    r"\b(?:if|unless|please(?! accept)|cannot|unable|would|could)\b|n't\b|\bnot (?!later)"
    r"|\byou(?: will|'ll|) (?:need|have|must) to\b|\byou must\b|\?"
)
_GREETING = re.compile(r"^(?:hi|hello|hey|dear|good news)(?: [^\s,]+){1,3},? ", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?…\n]+(?:\.(?=\S)[^.!?…\n]+)*[.!?…]*")


class Commitment(NamedTuple):
    """Something that we said would be done.

    Attributes:
        words: the sentence, as it was said.
        until: the last day for it, where that is certain.
    """

    words: str
    until: date | None


def commitments(text: str, said_ms: int, zone: ZoneInfo) -> Iterator[Commitment]:
    """What a text of ours promises.

    Args:
        said_ms: when it was said; spans count from then.
        zone: whose days they are.
    """
    said = from_ms(said_ms).astimezone(zone)
    for found in _SENTENCE.finditer(text):
        words = found[0].strip()
        plain = words.lower().replace("’", "'")
        if _OURS.search(plain) is None or _NONE.search(plain) is not None:
            continue
        named, until = _time(plain, said)
        if named and (until is None or 0 <= (until - said.date()).days <= MAX_AHEAD_DAYS):
            yield Commitment(_GREETING.sub("", words).rstrip(".!… "), until)


def _time(plain: str, said: datetime) -> tuple[bool, date | None]:
    """Whether a sentence names a time, and its last day where that is certain."""
    if span := _SPAN.search(plain):
        certain = not span["working"] and not plain.startswith(" or ", span.end())
        return True, _after(said, _number(span["count"]), span["unit"]) if certain else None
    for form in _DATES:
        if found := form.search(plain):
            return True, _date(found.groupdict(), said.date())
    if found := _WEEKDAY.search(plain):
        ahead = (_WEEKDAYS.index(found["weekday"]) - said.weekday()) % 7
        certain = ahead > 0 and not found[0].startswith("next")
        return True, said.date() + timedelta(days=ahead) if certain else None
    if found := _SOON.search(plain):
        return True, said.date() + timedelta(days=found["soon"] == "tomorrow")
    return _VAGUE.search(plain) is not None, None


def _number(word: str) -> int:
    if word.isdigit():
        return int(word)
    return _NUMBERS.index(word) + 1 if word in _NUMBERS else 1


def _after(said: datetime, count: int, unit: str) -> date | None:
    """The day that a span ends on; months are not all of one length."""
    if unit == "month":
        return None
    return (said + timedelta(**{f"{unit}s": count})).date()


def _date(found: dict[str, str | None], said: date) -> date | None:
    """A date by its parts; one without a year is the next of its kind."""
    month = int(found["number"] or 0) if "number" in found else _MONTHS.index((found["month"] or "")[:3]) + 1
    day, year = int(found["day"] or 0), found.get("year")
    try:
        if year is not None:
            return date(int(year), month, day)
        this_year = date(said.year, month, day)
        return this_year if this_year >= said else date(said.year + 1, month, day)
    except ValueError:
        return None
