"""What staff take down of what a customer said in person or wrote in a letter: its receipt, its mention. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from typing import Literal, get_args

from listener.connectors.feedback import MAX_NAME, Feedback, feedback_of, receipt_of
from listener.domain.governance import AuditEntry
from listener.domain.ids import anonymous_author, digest, mention_id
from listener.domain.mention import Contactable, Mention, usual_visibility

SOURCE_KIND = "staff-form"
MAX_DAYS = 366
"""What is older is history, and brought in with `listener import`."""
NOON = time(12)
Way = Literal["in_person", "letter"]
WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True, slots=True)
class TakenDown:
    """What a member of the staff filled in.

    Attributes:
        said: words, name and contact of the customer.
        way: how it was said; empty where nothing was chosen.
        day: of its being said or arriving, as sent.
        taken_by: who takes it down.
    """

    said: Feedback
    way: str
    day: str
    taken_by: str

    def errors(self, today: date) -> dict[str, str]:
        """What has to be changed, by field, as they follow on the page; empty where it can be sent.

        Args:
            today: where the company is.
        """
        found: dict[str, str] = {}
        if self.way not in WAYS:
            found["way"] = "Choose how it was said."
        day = self.said_on
        if day is None:
            found["day"] = "Give the day as year, month and day, such as 2026-03-01."
        elif day > today:
            found["day"] = "This day is still to come."
        elif (today - day).days > MAX_DAYS:
            found["day"] = (
                "This is over a year ago. Old letters are brought in as a file, with their history."
            )
        found |= self.said.errors()
        if not self.taken_by:
            found["taken_by"] = (
                "Give your name, so that the customer need not start over if somebody asks back."
            )
        elif len(self.taken_by) > MAX_NAME:
            found["taken_by"] = f"Use at most {MAX_NAME} characters."
        return found

    @property
    def said_on(self) -> date | None:
        """The day, if it is one."""
        try:
            return date.fromisoformat(self.day)
        except ValueError:
            return None

    @property
    def receipt(self) -> str:
        """As `Feedback.receipt`: the same form sent twice has the same number."""
        return receipt_of(self.said.receipt, self.way, self.day, self.taken_by)


def taken_down_of(fields: Mapping[str, str]) -> TakenDown:
    """Reads what came with a form. Never refuses; see `TakenDown.errors`."""
    said = replace(feedback_of(fields, trap=""), page="")
    by = feedback_of({"name": fields.get("taken_by", "")}, trap="").name
    return TakenDown(said, fields.get("way", ""), fields.get("day", "").strip(), by)


def occurred_at(day: date, zone: tzinfo, now: datetime) -> datetime:
    """When it was said, as far as a day tells: today it is now, on any other day noon."""
    return now if day == now.astimezone(zone).date() else datetime.combine(day, NOON, zone)


def mention_of(taken: TakenDown, source: str, zone: tzinfo, now: datetime) -> Mention:
    """The mention, of what has no errors.

    Its author is its own: who it is, is for the customer match to find out from `contactable`, with evidence.

    Args:
        source: name of the configured source.
        zone: where the company is.
        now: when it was taken down.
    """
    said, day, way = taken.said, taken.said_on, next(way for way in WAYS if way == taken.way)
    given = Contactable(name=said.name or None, email=said.email, phone=said.phone)
    return Mention(
        mention_id=mention_id(SOURCE_KIND, taken.receipt),
        source=source,
        source_kind=SOURCE_KIND,
        native_id=taken.receipt,
        author=anonymous_author(SOURCE_KIND, taken.receipt),
        author_name=said.name or None,
        channel=way,
        visibility=usual_visibility(way),
        text=said.message,
        contactable=given if said.name or said.contact else None,
        occurred_at=now if day is None else occurred_at(day, zone, now),
        received_at=now,
    )


def audit_of(taken: TakenDown, mention: Mention) -> AuditEntry:
    """Who took it down; without the words."""
    return AuditEntry(
        entry_id=digest("taken-down", mention.mention_id),
        actor=taken.taken_by,
        action="take-down",
        subject=mention.mention_id,
        at=mention.received_at,
        detail={"channel": mention.channel, "source": mention.source},
    )
