"""Puts sentences together: what one person writes or says, in one channel, about one matter."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from listener.domain.enriched import Need, Severity
from listener.domain.mention import Channel
from listener.simulator.company import CAUSES, FULL_NAME, NAME
from listener.simulator.names import CITIES, FIRST_NAMES
from listener.simulator.people import Person
from listener.simulator.settings import SimulationSettings
from listener.simulator.wording import phrases
from listener.simulator.wording.causes import BROADBAND, EQUIPMENT, TRIPS, WORDS
from listener.simulator.wording.noise import roughen

_WHEN = (
    "yesterday", "this morning", "Monday", "Tuesday", "last Wednesday", "last Friday", "Saturday", "last week",
    "two days ago", "the 3rd", "the weekend", "last night", "Thursday afternoon", "noon",
)  # fmt: skip
_DURATION = (
    "two days",
    "three days",
    "a week",
    "ten days",
    "two weeks",
    "a month",
    "36 hours",
    "6 weeks",
    "5 days",
)
_NTH = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_LAST_CHANNEL: dict[Channel, str] = {
    "social": "tweet",
    "forum": "post",
    "review": "review",
    "email": "email",
    "phone": "call",
    "web_feedback": "form",
    "letter": "letter",
    "executive": "letter",
}
RESTATED = 0.85
"""Share of later contacts that say again what it is about."""
MAX_SOCIAL = 280


@dataclass(frozen=True)
class Written:
    """A text with what is true of its wording.

    Attributes:
        names_cause: a sentence that names the true cause in usual words stands in it.
        also_about: another cause that it mentions in passing.
        severity: what stands in it of danger, threats and special needs.
    """

    text: str
    title: str | None = None
    language: str = "en"
    names_cause: bool = False
    also_about: str | None = None
    sarcastic: bool = False
    severity: tuple[Severity, ...] = ()


Facts = Mapping[str, str]
"""What every text about one matter agrees on; see `Writer.facts`."""


@dataclass(frozen=True)
class Before:
    """What happened in this matter before: nothing (`attempts` 0), or what became of the last contact."""

    attempts: int = 0
    last: Channel = "email"
    outcome: str = ""
    """``unanswered``, ``answered`` or ``declined``."""


class Writer:
    """Writes the texts of one world.

    Args:
        settings: the shares of texts without keyword, with another cause, and the rate of typing errors.
    """

    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings

    @staticmethod
    def facts(rng: Random, person: Person, node: str | None, need: Need = "question") -> Facts:
        """What a matter is about in particular: product, place, amount, reference, names; and what is asked."""
        number = rng.randrange(2, 31)
        line, trip, box = rng.choice(BROADBAND), rng.choice(TRIPS), rng.choice(EQUIPMENT)
        facts = {
            "line": line,
            "trip": trip,
            "box": box,
            "product": rng.choice(WORDS[node].products) if node else line,
            "city": rng.choice(CITIES) if node in ("delay", "lost-baggage") else person.city,
            "number": str(number),
            "amount": rng.choice(
                (f"${number * 7}", f"£{number * 5}.{number:02d}", f"{number * 6} euros", f"${number}.99")
            ),
            "ref": f"BW{rng.randrange(10**6):06d}",
            "person": rng.choice(FIRST_NAMES),
            "name": person.name,
            "first": person.first,
        }
        asked = phrases.REQUESTS if need == "request" else phrases.QUESTIONS
        return {**facts, "asked": rng.choice(asked).format_map(facts)}

    def about(
        self,
        rng: Random,
        person: Person,
        channel: Channel,
        node: str | None,
        need: Need,
        facts: Facts,
        severity: tuple[Severity, ...] = (),
        before: Before = Before(),
        *,
        to_manager: bool = False,
        campaign: bool = False,
    ) -> Written:
        """A contact about a need, the first one or a later one.

        Args:
            rng: where chance comes from.
            person: who writes.
            channel: where.
            node: the cause; None for a question or request without one.
            need: complaint, question or request; without a cause, a complaint repeats what was asked.
            facts: of this matter.
            severity: what else has to be in it, where it is a complaint in English.
            before: what happened in this matter before.
            to_manager: the person asks for somebody higher.
            campaign: the text of the campaign is used.
        """
        slots = _slots(rng, facts, before)
        if campaign:
            return Written(_fill(phrases.CAMPAIGN, slots), names_cause=False)
        if person.language != "en" and node and need == "complaint" and rng.random() < 0.85:
            return self._in_other_language(rng, person, channel, node, before, slots)
        greeting = rng.choice(phrases.GREETINGS.get(channel, phrases.GREETINGS["plain"]))
        needed: list[str] = [rng.choice(_returns(before.outcome))] if before.attempts else []
        extra: list[str] = []
        names_cause, sarcastic, also = False, False, None
        if node is None:
            needed.append(_sentence(facts["asked"]))
        elif not before.attempts or rng.random() < RESTATED:
            core, names_cause = self._core(rng, node, need)
            if need == "complaint" and rng.random() < 0.08:
                needed.append(rng.choice(phrases.SARCASM))
                sarcastic = True
            elif need == "complaint" and not before.attempts and rng.random() < 0.12:
                core = f"{rng.choice(phrases.MILD)} {core}"
            needed.append(_sentence(core))
            if channel != "social" and rng.random() < 0.5 and need == "complaint":
                more = WORDS[node].plain if names_cause else WORDS[node].veiled
                needed.append(_sentence(rng.choice([text for text in more if text not in core])))
        severity = severity if need == "complaint" else ()
        if need == "complaint":
            if node and rng.random() < self._settings.wrong_cause:
                also = rng.choice([cause.node for cause in CAUSES if cause.node != node])
                needed[-1] = needed[-1].rstrip(".") + ", " + rng.choice(WORDS[also].aside) + "."
            needed.extend(_severe(rng, node, severity))
            if to_manager:
                needed.append(rng.choice(phrases.MANAGER))
            extra.append(rng.choice(phrases.DEMANDS))
            if not sarcastic:
                extra.append(rng.choice(phrases.FEELINGS))
            if rng.random() < 0.01:
                extra.append(rng.choice(phrases.CLAIMS))
        title = self._title(rng, channel, node, before, slots, names_cause=names_cause)
        text = self._finish(rng, person, channel, greeting, needed, extra, slots, angry=need == "complaint")
        return Written(text, title, "en", names_cause, also, sarcastic, severity)

    def _core(self, rng: Random, node: str, need: Need) -> tuple[str, bool]:
        """The sentence that says what it is about, and whether it names the cause."""
        words = WORDS[node]
        if need == "question":
            return rng.choice(words.questions), True
        if need == "request":
            return rng.choice(words.requests), True
        if rng.random() < self._settings.without_keyword:
            return rng.choice(words.veiled), False
        return rng.choice(words.plain), True

    @staticmethod
    def _title(
        rng: Random,
        channel: Channel,
        node: str | None,
        before: Before,
        slots: Mapping[str, str],
        *,
        names_cause: bool,
    ) -> str | None:
        if channel not in ("email", "letter", "executive", "forum") or node is None:
            return None
        again = "Re: " if before.attempts and rng.random() < 0.5 else ""
        return again + _fill(
            rng.choice(WORDS[node].subjects if names_cause else phrases.VAGUE_SUBJECTS), slots
        )

    def small(
        self, rng: Random, person: Person, channel: Channel, choices: tuple[str, ...], facts: Facts
    ) -> Written:
        """A short text that needs no cause: a chaser, thanks, a reply to a question."""
        slots = _slots(rng, facts, Before())
        greeting = rng.choice(phrases.GREETINGS["social"]) if channel == "social" else ""
        return Written(
            self._finish(rng, person, channel, greeting, [rng.choice(choices)], [], slots, angry=False)
        )

    def cheerful(self, rng: Random, person: Person, channel: Channel) -> Written:
        """Praise."""
        slots = _slots(rng, self.facts(rng, person, None), Before())
        text = _fill(rng.choice(phrases.PRAISE), slots)
        if rng.random() < person.style.emoji:
            text += " " + rng.choice(phrases.HAPPY_EMOJI)
        return Written(roughen(rng, text, person.style, self._settings.typos, slang=channel == "social"))

    def other(self, rng: Random, person: Person, choices: tuple[str, ...]) -> Written:
        """A text that is addressed to nobody: a mention of the company's name, spam."""
        return Written(_fill(rng.choice(choices), _slots(rng, self.facts(rng, person, None), Before())))

    def answer(self, rng: Random, person: Person, kind: str, reason: str = "") -> Written:
        """What the company says; `kind` is a key of `phrases.ANSWERS`, or ``automatic``."""
        slots = {
            **_slots(rng, self.facts(rng, person, None), Before()),
            "agent": rng.choice(phrases.AGENTS),
            "reason": reason,
        }
        choices = phrases.AUTOMATIC if kind == "automatic" else phrases.ANSWERS[kind]
        return Written(_fill(rng.choice(choices), slots))

    def _in_other_language(
        self,
        rng: Random,
        person: Person,
        channel: Channel,
        node: str,
        before: Before,
        slots: Mapping[str, str],
    ) -> Written:
        code = person.language
        parts = [_sentence(rng.choice(WORDS[node].others[code]))]
        if before.attempts:
            parts.insert(0, rng.choice(phrases.OTHER_RETURNS[code]))
        if rng.random() < 0.7:
            parts.append(rng.choice(phrases.OTHER_WORDS[code]))
        greeting = rng.choice(phrases.GREETINGS["social"]) if channel == "social" else ""
        text = self._finish(rng, person, channel, greeting, parts, [], slots, angry=True)
        return Written(text, None, code)

    def _finish(
        self,
        rng: Random,
        person: Person,
        channel: Channel,
        greeting: str,
        needed: list[str],
        extra: list[str],
        slots: Mapping[str, str],
        *,
        angry: bool,
    ) -> str:
        if channel == "social":
            rng.shuffle(extra)
            del extra[1:]
        body = _fill(" ".join(part for part in (*needed, *extra) if part), slots)
        body = roughen(rng, body, person.style, self._settings.typos, slang=channel == "social")
        if channel in ("social", "forum", "review") and rng.random() < person.style.emoji:
            body += " " + rng.choice(phrases.ANGRY_EMOJI if angry else phrases.HAPPY_EMOJI)
        if channel == "social":
            if angry and rng.random() < 0.25:
                body += " " + rng.choice(phrases.HASHTAGS)
            return f"{greeting} {body}".strip()[:MAX_SOCIAL]
        closing = _fill(rng.choice(phrases.CLOSINGS.get(channel, ("",))), slots)
        joint = "\n\n" if channel in ("email", "letter", "executive") else " "
        return joint.join(piece for piece in (greeting, body, closing) if piece)


def _returns(outcome: str) -> tuple[str, ...]:
    if outcome == "declined":
        return phrases.RETURNS_DECLINED
    return phrases.RETURNS_ANSWERED if outcome == "answered" else phrases.RETURNS_UNANSWERED


def _severe(rng: Random, node: str | None, severity: tuple[Severity, ...]) -> list[str]:
    safety = phrases.SAFETY.get(node or "", phrases.SAFETY[""])
    words = {"safety": safety, "legal_threat": phrases.LEGAL, "vulnerable": phrases.VULNERABLE}
    return [rng.choice(words[kind]) for kind in severity]


def _slots(rng: Random, facts: Mapping[str, str], before: Before) -> dict[str, str]:
    """What stays the same in a matter, with what differs from text to text."""
    attempts = max(2, before.attempts + 1)
    number = int(facts["number"])
    return {
        **facts,
        "when": rng.choice(_WHEN),
        "duration": rng.choice(_DURATION),
        "n": str(number if before.attempts == 0 else attempts),
        "company": NAME if rng.random() < 0.9 else FULL_NAME,
        "nth": _NTH[min(attempts - 2, len(_NTH) - 1)],
        "attempts": str(attempts),
        "last_channel": _LAST_CHANNEL.get(before.last, "message"),
        "duration_es": f"{number} días",
        "duration_de": f"{number} Tagen",
        "duration_fr": f"{number} jours",
        "duration_hi": f"{number} din",
        "when_es": "el martes",
    }


def _fill(template: str, slots: Mapping[str, str]) -> str:
    return template.format_map(slots) if "{" in template else template


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text[-1] in ".?!" else text + "."
