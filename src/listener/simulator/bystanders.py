"""Everybody who says something without wanting anything: praise, talk, spam, and copies of others' words."""

from dataclasses import dataclass
from random import Random

from listener.domain.enriched import NO_CAUSE, Need
from listener.domain.ids import author_party, customer_party, mention_id
from listener.domain.mention import Channel, Mention, usual_visibility
from listener.simulator.company import DESKS, HOUR_MS
from listener.simulator.matter import Happening
from listener.simulator.people import Person
from listener.simulator.randomness import around, weighted
from listener.simulator.truth import MentionTruth
from listener.simulator.voices import company_author, moment, until_heard, voice_of
from listener.simulator.wording import phrases
from listener.simulator.wording.writer import Writer, Written


@dataclass(frozen=True)
class Aside:
    """A mention that is nobody's matter, with the company's thanks if any, and its truth."""

    happenings: tuple[Happening, ...]
    truth: MentionTruth


def praise(rng: Random, writer: Writer, person: Person, native_id: str, at: int) -> Aside:
    """A happy customer, sometimes thanked."""
    choices: list[tuple[Channel, float]] = [
        ("social", 0.5),
        ("review", 0.2),
        ("email", 0.12),
        ("web_feedback", 0.12),
        ("forum", 0.06),
    ]
    channel = weighted(rng, choices)
    aside = _aside(rng, person, channel, writer.cheerful(rng, person, channel), "praise", native_id, at)
    if channel != "social" or rng.random() > 0.35:
        return aside
    said = aside.happenings[0][1]
    assert isinstance(said, Mention)  # noqa: S101 - made so a few lines below
    thanked_at = at + int(around(rng, 1.0, 0.8) * HOUR_MS) + 60_000
    thanks = Mention(
        mention_id=mention_id(said.source_kind, f"{native_id}-t"),
        source=said.source,
        source_kind=said.source_kind,
        native_id=f"{native_id}-t",
        author=company_author(channel),
        author_name="Brambleway",
        channel=channel,
        visibility="public",
        direction="outbound",
        text=writer.answer(rng, person, "thanks").text,
        thread=said.thread,
        reply_to=said.mention_id,
        answers=said.mention_id,
        answers_author=said.author,
        occurred_at=moment(thanked_at),
        received_at=moment(thanked_at + 5000),
    )
    return Aside((*aside.happenings, (thanked_at + 5000, thanks)), aside.truth)


def talk(rng: Random, writer: Writer, person: Person, native_id: str, at: int) -> Aside:
    """The company's name is mentioned, to nobody in particular."""
    channel: Channel = "social" if rng.random() < 0.8 else "forum"
    return _aside(rng, person, channel, writer.other(rng, person, phrases.MENTIONS), "mention", native_id, at)


def spam(rng: Random, writer: Writer, person: Person, native_id: str, at: int) -> Aside:
    """Something that only uses the name."""
    channel: Channel = weighted(rng, [("social", 0.7), ("forum", 0.15), ("email", 0.15)])
    return _aside(rng, person, channel, writer.other(rng, person, phrases.SPAM), "spam", native_id, at)


def copy(rng: Random, person: Person, original: Mention, native_id: str, at: int) -> Aside:
    """Somebody passes on what another has said."""
    handle = original.contactable.handle if original.contactable else None
    written = Written(f"RT @{handle or 'someone'}: {original.text}"[:300])
    return _aside(rng, person, "social", written, "copy", native_id, at, copy_of=original.mention_id)


def _aside(
    rng: Random,
    person: Person,
    channel: Channel,
    written: Written,
    need: Need,
    native_id: str,
    at: int,
    copy_of: str | None = None,
) -> Aside:
    desk = DESKS[channel]
    voice = voice_of(rng, person, channel, native_id, at)
    identity = mention_id(desk.source_kind, native_id)
    heard_at = at + until_heard(rng, desk)
    mention = Mention(
        mention_id=identity,
        source=desk.source_kind,
        source_kind=desk.source_kind,
        native_id=native_id,
        author=voice.author,
        author_name=voice.shown_name,
        channel=channel,
        visibility=usual_visibility(channel),
        text=written.text,
        thread=identity if channel in ("social", "forum", "email") else None,
        contactable=voice.contactable,
        rating=rng.choice((0.75, 1.0)) if channel == "review" else None,
        reach=voice.reach,
        occurred_at=moment(at),
        received_at=moment(heard_at),
    )
    truth = MentionTruth(
        mention_id=identity,
        author=voice.author,
        party=customer_party(person.customer_id) if person.customer_id else author_party(voice.author),
        customer_id=person.customer_id,
        occurred_at=mention.occurred_at,
        channel=channel,
        visibility=mention.visibility,
        need=need,
        root_cause=NO_CAUSE,
        copy_of=copy_of,
        bullhorn=person.bullhorn,
        role="other",
        as_of=moment(heard_at),
    )
    return Aside(((heard_at, mention),), truth)
