"""How one matter goes: what the person says, what the company answers, and what follows from it.

A person contacts a channel; the company answers there, or does not; answers help, or do not; whoever was
failed comes again, asks for somebody higher, writes to the chief executive, goes public, or gives up.
"""

from random import Random
from typing import Literal

from listener.domain.enriched import Need, Severity
from listener.domain.ids import mention_id
from listener.domain.mention import Channel, Mention, MentionDeleted, usual_visibility
from listener.domain.response import Goodwill, Level, Outcome, Response, ResponseKind
from listener.simulator.company import (
    ANSWER_PROBABILITY_BY_LEVEL,
    DAY_MS,
    DESKS,
    DOMAIN,
    HOUR_MS,
    PUBLIC,
    RESOLVES_BY_LEVEL,
)
from listener.simulator.matter import Beginning, Matter, SaidSo
from listener.simulator.randomness import around, weighted
from listener.simulator.truth import Given, Role, Said
from listener.simulator.voices import company_author, moment, until_heard, voice_of
from listener.simulator.wording import phrases
from listener.simulator.wording.writer import Before, Writer, Written

MINUTE_MS = 60_000
MAX_ATTEMPTS = 7
LOST_ANSWERS = 0.03
"""Share of private answers that leave no trace: a call back that nobody noted."""
_Quality = Literal["asks", "unhelpful", "answered", "resolved", "declined"]
_KINDS: dict[_Quality, ResponseKind] = {
    "asks": "answered",
    "unhelpful": "answered",
    "answered": "answered",
    "resolved": "resolved",
    "declined": "declined",
}
_LETTERS: frozenset[Channel] = frozenset({"letter", "executive"})


def course_of(beginning: Beginning, writer: Writer, rng: Random) -> Matter:
    """Plays one matter to its end.

    Args:
        beginning: with what it begins.
        writer: puts what is said into words.
        rng: where chance comes from; nothing else decides.
    """
    course = _Course(beginning, writer, rng)
    course.play()
    matter = course.matter
    matter.contacts.sort(key=lambda contact: contact.said.at)
    matter.answers.sort(key=lambda answer: answer.at)
    return matter


class _Course:
    def __init__(self, beginning: Beginning, writer: Writer, rng: Random) -> None:
        self.matter = Matter(beginning)
        self._beginning = beginning
        self._person = beginning.person
        self._writer = writer
        self._rng = rng
        self._numbers = 0
        self._level: Level = "front_line"
        self._failures = 0
        self._failed_in_private = False
        self._threads: dict[Channel, str] = {}
        self._latest_answer: dict[Channel, str] = {}
        self._severity = self._inborn_severity()
        cause = beginning.cause
        self._facts = writer.facts(rng, beginning.person, cause.node if cause else None, beginning.need)

    def play(self) -> None:
        """Contact, answer or silence, and again, until it ends."""
        rng = self._rng
        at, channel = self._beginning.at, self._first_channel()
        need, before = self._beginning.need, Before()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            contact = self._contact(at, channel, need, before)
            self.matter.ended_at = at
            answer_at = self._answer_time(contact, at, channel)
            patience = max(
                20 * MINUTE_MS, int(around(rng, DESKS[channel].target_hours * 1.25, 0.45) * HOUR_MS)
            )
            outcome = "unanswered"
            if answer_at is None:
                at += patience
            else:
                if answer_at > at + patience and rng.random() < 0.6:
                    self._say(at + patience, channel, self._small(channel, phrases.CHASERS), need, "contact")
                quality: _Quality | None = self._quality()
                if quality == "asks":
                    answer_at, quality = self._asked_back(answer_at, channel, contact)
                if quality is not None:
                    last = self._answer(answer_at, channel, contact, quality)
                    if self._failed_in_private and channel in PUBLIC:
                        self.matter.public_paid_off = True
                    self.matter.ended_at = last
                    if quality == "resolved" or (
                        quality == "answered" and self._beginning.need != "complaint"
                    ):
                        self._happy_end(last, channel)
                        break
                    if quality == "declined" and rng.random() > 0.35:
                        self.matter.ended = "declined"
                        break
                    outcome = "declined" if quality == "declined" else "answered"
                at = answer_at + int(around(rng, 30, 0.8) * HOUR_MS)
            self._failures += 1
            self._failed_in_private = self._failed_in_private or channel not in PUBLIC
            stays = self._person.persistence * (0.55 if outcome == "answered" else 1.0)
            if attempt == MAX_ATTEMPTS or rng.random() > stays:
                self.matter.ended_at = max(self.matter.ended_at, at)
                break
            before = Before(attempt, channel, outcome)
            channel = self._next_channel(channel, outcome)
            need = "complaint"
        self._consequences()

    # What the person does

    def _first_channel(self) -> Channel:
        person, rng = self._person, self._rng
        if self._beginning.campaign:
            return "social"
        if rng.random() < 0.25 * person.publicness + 0.5 * self._beginning.lesson:
            return "social"
        if rng.random() < 0.6:
            return person.preferred
        return self._possible(
            weighted(
                rng,
                [
                    ("email", 0.27),
                    ("phone", 0.27),
                    ("web_feedback", 0.2),
                    ("social", 0.16),
                    ("forum", 0.06),
                    ("review", 0.03),
                    ("letter", 0.01),
                ],
            )
        )

    def _next_channel(self, last: Channel, outcome: str) -> Channel:
        """Where a person goes after a failure; sets the level that is asked."""
        rng, failures = self._rng, self._failures
        public = self._person.publicness * (0.35 + 0.35 * failures) + self._beginning.lesson
        step = weighted(
            rng,
            [
                ("same", 0.45),
                ("private", 0.3),
                ("public", public),
                ("manager", 0.14 * failures + (0.3 if outcome == "declined" else 0)),
                ("executive", 0.05 * (failures - 1) ** 2 + (0.12 if outcome == "declined" else 0)),
            ],
        )
        if step == "executive":
            self._level = "executive"
            return "executive"
        if step == "manager":
            self._level = "executive" if self._level == "executive" else "manager"
            return self._possible(rng.choice(("email", "phone", "letter")))
        if step == "public":
            return weighted(rng, [("social", 0.75), ("forum", 0.13), ("review", 0.12)])
        if step == "private":
            return self._possible(weighted(rng, [("email", 0.4), ("phone", 0.4), ("web_feedback", 0.2)]))
        return last

    def _possible(self, channel: Channel) -> Channel:
        return "email" if channel == "phone" and self._person.phone is None else channel

    def _contact(self, at: int, channel: Channel, need: Need, before: Before) -> SaidSo:
        rng = self._rng
        severity = self._severity
        if (
            need == "complaint"
            and rng.random() < 0.008 + 0.03 * self._failures
            and "legal_threat" not in severity
        ):
            severity = (*severity, "legal_threat")
        cause = self._beginning.cause
        written = self._writer.about(
            rng,
            self._person,
            channel,
            cause.node if cause else None,
            need,
            self._facts,
            severity,
            before,
            to_manager=self._level == "manager",
            campaign=self._beginning.campaign and not before.attempts,
        )
        contact = self._say(at, channel, written, need, "contact")
        self._acknowledge(at, channel, contact)
        if channel == "social":
            later = at
            while rng.random() < 0.15:
                later += int((1 + rng.random() * 12) * MINUTE_MS)
                self._say(later, channel, self._small(channel, phrases.LATER), need, "contact")
        return contact

    def _small(self, channel: Channel, choices: tuple[str, ...]) -> Written:
        return self._writer.small(self._rng, self._person, channel, choices, self._facts)

    def _say(
        self,
        at: int,
        channel: Channel,
        written: Written,
        need: Need,
        role: Role,
    ) -> SaidSo:
        rng, desk = self._rng, DESKS[channel]
        native_id = self._native_id(channel)
        identity = mention_id(desk.source_kind, native_id)
        voice = voice_of(rng, self._person, channel, native_id, at)
        continues = role != "contact" or (channel in self._threads and rng.random() < 0.6)
        thread = self._threads.get(channel) if continues else None
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
            title=written.title,
            thread=thread or (identity if channel in ("social", "forum", "email") else None),
            reply_to=self._latest_answer.get(channel, thread) if thread else None,
            contactable=voice.contactable,
            rating=self._rating(channel, need),
            reach=voice.reach,
            url=f"https://{channel}.example.test/{native_id}" if channel in PUBLIC else None,
            occurred_at=moment(at),
            received_at=moment(heard_at),
        )
        if mention.thread is not None:
            self._threads[channel] = mention.thread
        said = Said(
            identity,
            at,
            heard_at,
            int(desk.target_hours * HOUR_MS),
            role,
            need == "complaint",
            self._asked(channel),
            channel,
        )
        contact = SaidSo(said, mention, written, need, voice.can_be_answered)
        self.matter.contacts.append(contact)
        self.matter.happenings.append((heard_at, mention))
        self._change_of_mind(mention, heard_at, channel)
        return contact

    def _asked(self, channel: Channel) -> Level:
        return "executive" if channel == "executive" else self._level

    def _change_of_mind(self, mention: Mention, heard_at: int, channel: Channel) -> None:
        """A few public mentions are edited or deleted later."""
        if channel not in PUBLIC:
            return
        drawn = self._rng.random()
        later = heard_at + int(around(self._rng, 3, 1.0) * HOUR_MS) + MINUTE_MS
        if drawn < 0.02:
            edited = f"{mention.text} {self._rng.choice(phrases.EDITS)}"
            update = {
                "text": edited,
                "revision": later,
                "edited_at": moment(later),
                "received_at": moment(later + 4000),
            }
            self.matter.happenings.append((later + 4000, mention.model_copy(update=update)))
        elif drawn < 0.04:
            self.matter.happenings.append((later + 4000, deletion_of(mention, later)))

    # What the company does

    def _answer_time(self, contact: SaidSo, at: int, channel: Channel) -> int | None:
        """When a person answers, if ever. Bullhorns are answered more, and sooner."""
        rng, desk, person = self._rng, DESKS[channel], self._person
        probability = desk.answer_probability * ANSWER_PROBABILITY_BY_LEVEL[self._asked(channel)]
        hours = around(rng, desk.median_hours, desk.spread)
        if channel in PUBLIC and person.bullhorn:
            probability, hours = probability * 1.1, hours * 0.4
        if self._beginning.in_incident:
            probability, hours = probability * 0.8, hours * 2
        if not contact.can_be_answered:
            return None
        return at + max(MINUTE_MS, int(hours * HOUR_MS)) if rng.random() < min(0.97, probability) else None

    def _quality(self) -> _Quality:
        rng, cause = self._rng, self._beginning.cause
        if cause is None or self._beginning.need != "complaint":
            return weighted(rng, [("answered", 0.8), ("asks", 0.08), ("unhelpful", 0.12)])
        solves = min(0.9, cause.fixable * RESOLVES_BY_LEVEL[self._level])
        choices: list[tuple[_Quality, float]] = [
            ("resolved", solves),
            ("asks", 0.15),
            ("declined", 0.11),
            ("answered", 0.35 * (1 - solves)),
            ("unhelpful", 0.65 * (1 - solves)),
        ]
        return weighted(rng, choices)

    def _asked_back(self, at: int, channel: Channel, contact: SaidSo) -> tuple[int, _Quality | None]:
        """The company asks a question; the person replies, mostly; a real answer follows, mostly."""
        rng = self._rng
        last = self._answer(at, channel, contact, "asks")
        self.matter.ended_at = last
        if channel not in _LETTERS and rng.random() < 0.85:
            replied = last + int(around(rng, 1.5, 1.0) * HOUR_MS)
            self._say(replied, channel, self._small(channel, phrases.REPLIES), self._beginning.need, "reply")
            if rng.random() < 0.75:
                hours = around(rng, DESKS[channel].median_hours, DESKS[channel].spread)
                quality = self._quality()
                answered = replied + int(hours * HOUR_MS) + MINUTE_MS
                return answered, "answered" if quality == "asks" else quality
            return replied, None
        return last, None

    def _answer(self, at: int, channel: Channel, contact: SaidSo, quality: _Quality) -> int:
        """Gives an answer: said in public, mailed, told on the telephone or written; returns when (ms)."""
        rng, person = self._rng, self._person
        kind = _KINDS[quality]
        level = self._asked(channel)
        by_phone = channel == "phone" or (
            channel in ("social", "email", "web_feedback")
            and person.phone is not None
            and rng.random() < 0.08
        )
        goodwill = self._goodwill(quality)
        reason = rng.choice(phrases.REASONS) if kind == "declined" else None
        text = self._writer.answer(rng, person, quality, reason or "").text
        where: Channel = "phone" if by_phone else "email" if channel == "web_feedback" else channel
        recorded = not (where in ("phone", "email") and rng.random() < LOST_ANSWERS)
        spoken = by_phone or channel in _LETTERS
        native_id = self._native_id(where)
        desk = DESKS[where]
        heard_at = max(at + until_heard(rng, desk), contact.said.heard_at + 1000)
        answer_id = mention_id(desk.source_kind, native_id)
        if recorded and not spoken:
            self._outbound(at, heard_at, where, native_id, contact, text)
            self._latest_answer[channel] = answer_id
        explicit = spoken or kind != "answered" or level != "front_line" or goodwill is not None
        if recorded and explicit:
            noted_at = heard_at if spoken else heard_at + int((1 + 8 * rng.random()) * MINUTE_MS)
            response = Response(
                response_id=answer_id,
                contact=contact.said.mention_id,
                author=contact.mention.author,
                channel=where,
                by=f"agent:{rng.choice(phrases.AGENTS).lower()}@{DOMAIN}",
                level=level,
                kind=kind,
                reason=reason,
                excerpt=text[:280],
                goodwill=goodwill,
                occurred_at=moment(at),
                received_at=moment(noted_at),
            )
            self.matter.happenings.append((noted_at, response))
        self.matter.answers.append(Given(answer_id, at, heard_at, kind, level, where, recorded, goodwill))
        return at

    def _acknowledge(self, at: int, channel: Channel, contact: SaidSo) -> None:
        if self._rng.random() < DESKS[channel].automatic and contact.can_be_answered:
            where: Channel = "email"
            sent_at = at + int((20 + self._rng.random() * 60) * 1000)
            native_id = self._native_id(where)
            text = self._writer.answer(self._rng, self._person, "automatic").text
            heard_at = max(sent_at + 1000, contact.said.heard_at + 1000)
            self._outbound(sent_at, heard_at, where, native_id, contact, text, automatic=True)
            identity = mention_id(DESKS[where].source_kind, native_id)
            self.matter.answers.append(
                Given(identity, sent_at, heard_at, "acknowledged", "front_line", where)
            )

    def _outbound(
        self,
        at: int,
        heard_at: int,
        channel: Channel,
        native_id: str,
        contact: SaidSo,
        text: str,
        *,
        automatic: bool = False,
    ) -> None:
        kind = DESKS[channel].source_kind
        mention = Mention(
            mention_id=mention_id(kind, native_id),
            source=kind,
            source_kind=kind,
            native_id=native_id,
            author=company_author(channel),
            author_name="Brambleway",
            channel=channel,
            visibility=usual_visibility(channel),
            direction="outbound",
            text=text,
            thread=contact.mention.thread if channel == contact.mention.channel else None,
            reply_to=contact.said.mention_id,
            answers=contact.said.mention_id,
            answers_author=contact.mention.author,
            automatic=automatic,
            occurred_at=moment(at),
            received_at=moment(heard_at),
        )
        self.matter.happenings.append((heard_at, mention))

    def _goodwill(self, quality: _Quality) -> Goodwill | None:
        rng = self._rng
        share = {"resolved": 0.1, "answered": 0.04}.get(quality, 0.0)
        share += 0.08 * self._failures if share else 0.0
        if self._person.bullhorn:
            share *= 3
        if rng.random() >= share:
            return None
        amount = rng.choice((5, 10, 15, 20, 25, 50)) * (2 if self._level == "executive" else 1)
        return Goodwill(
            amount=float(amount), currency="USD", reason=rng.choice(("trouble", "lost time", "late answer"))
        )

    # How it ends

    def _happy_end(self, at: int, channel: Channel) -> None:
        self.matter.ended = "resolved"
        if channel not in _LETTERS and self._rng.random() < 0.3:
            thanked = at + int(around(self._rng, 0.7, 1.0) * HOUR_MS) + MINUTE_MS
            self._say(thanked, channel, self._small(channel, phrases.THANKS), "praise", "thanks")

    def _consequences(self) -> None:
        """CSAT, a next purchase, or the end as a customer: the more trouble, the worse."""
        matter, rng, customer_id = self.matter, self._rng, self._person.customer_id
        if customer_id is None:
            return
        answered = any(answer.kind != "acknowledged" for answer in matter.answers)
        mood = {"resolved": 4.6, "declined": 2.7, "gave_up": 2.2 if answered else 1.5}[
            matter.ended
        ] - 0.35 * self._failures
        leaves = 0.01 + 0.035 * (5 - max(1.0, mood)) ** 1.3
        buys = 0.05 + 0.05 * max(0.0, mood)
        if answered and rng.random() < 0.3:
            at = matter.ended_at + int(around(rng, 20, 0.5) * HOUR_MS)
            score = min(5, max(1, round(rng.gauss(mood, 0.8))))
            self._outcome(at, customer_id, "csat", float(score))
        if rng.random() < leaves:
            matter.churned_at = matter.ended_at + int(around(rng, 12, 0.5) * DAY_MS)
            self._outcome(matter.churned_at, customer_id, "churn", 1.0)
        elif rng.random() < buys:
            at = matter.ended_at + int(around(rng, 9, 0.6) * DAY_MS)
            self._outcome(at, customer_id, "repeat_purchase", float(rng.randrange(15, 240)))

    def _outcome(
        self, at: int, customer_id: str, kind: Literal["csat", "repeat_purchase", "churn"], value: float
    ) -> None:
        outcome = Outcome(
            outcome_id=f"{self._beginning.matter_id}-{kind}",
            customer_id=customer_id,
            kind=kind,
            value=value,
            occurred_at=moment(at),
        )
        self.matter.happenings.append((at, outcome))

    def _inborn_severity(self) -> tuple[Severity, ...]:
        rng, cause = self._rng, self._beginning.cause
        found: list[Severity] = []
        if cause and rng.random() < cause.unsafe:
            found.append("safety")
        if cause and rng.random() < 0.025:
            found.append("vulnerable")
        return tuple(found)

    def _rating(self, channel: Channel, need: Need) -> float | None:
        if channel != "review":
            return None
        return (
            self._rng.choice((0.0, 0.0, 0.25)) if need == "complaint" else self._rng.choice((0.5, 0.75, 1.0))
        )

    def _native_id(self, channel: Channel) -> str:
        self._numbers += 1
        number = f"{self._beginning.matter_id}-{self._numbers}"
        return f"<{number}@{DOMAIN}>" if channel == "email" else number


def deletion_of(mention: Mention, at: int) -> MentionDeleted:
    """The news that a mention was deleted, heard four seconds after it (ms since 1970)."""
    return MentionDeleted(
        mention_id=mention.mention_id,
        source=mention.source,
        source_kind=mention.source_kind,
        native_id=mention.native_id,
        author=mention.key,
        deleted_at=moment(at),
        received_at=moment(at + 4000),
    )
