"""How a person or the company appears in a channel: author ids, contact details, reach; and moments of time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from listener.domain.ids import anonymous_author, author_id
from listener.domain.mention import Channel, Contactable, Reach
from listener.simulator.company import COMPANY_ACCOUNT, DESKS, Desk
from listener.simulator.people import Person, SocialAccount
from listener.simulator.randomness import around

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at_ms: int) -> datetime:
    """Milliseconds since 1970 as a time in UTC."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def milliseconds(at: datetime) -> int:
    """A time as milliseconds since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def until_heard(rng: Random, desk: Desk) -> int:
    """How long (ms) a connector takes to hear what was said there."""
    return max(200, int(around(rng, desk.heard_after_seconds, 0.4) * 1000))


@dataclass(frozen=True)
class Voice:
    """The author of one mention, and what the mention shows of them."""

    author: str
    shown_name: str | None = None
    contactable: Contactable | None = None
    reach: Reach | None = None
    can_be_answered: bool = True


def voice_of(rng: Random, person: Person, channel: Channel, native_id: str, at_ms: int) -> Voice:
    """How a person appears in a channel.

    Args:
        rng: decides what they tell about themselves this time.
        person: who.
        channel: where; ``phone`` needs a person who has one.
        native_id: of the mention, for the author of anonymous ones.
        at_ms: when; handles change.

    Raises:
        ValueError: a call by somebody without a telephone.
    """
    kind = DESKS[channel].source_kind
    match channel:
        case "social":
            account = person.accounts[-1] if rng.random() < 0.3 else person.accounts[0]
            return _social(rng, person, account, at_ms)
        case "forum":
            return Voice(
                author_id(kind, person.nick),
                person.nick,
                Contactable(handle=person.nick, handle_verified=True),
            )
        case "review":
            return Voice(author_id(kind, f"{person.nick}-r"), f"{person.first} {person.last[0]}.")
        case "email":
            address = person.emails[-1] if rng.random() < 0.4 else person.emails[0]
            return Voice(author_id(kind, address), person.name, Contactable(name=person.name, email=address))
        case "phone":
            if person.phone is None:
                raise ValueError(f"{person.customer_id} has no telephone")
            name = person.name if rng.random() < 0.8 else None
            return Voice(
                author_id(kind, person.phone), name, Contactable(name=name, phone=written(rng, person.phone))
            )
        case "web_feedback":
            return _form(rng, person, native_id)
        case _:
            home = f"{person.name}, {person.number % 97 + 1} {person.city}"
            email = person.emails[0] if rng.random() < 0.55 else None
            phone = written(rng, person.phone) if person.phone and rng.random() < 0.35 else None
            return Voice(
                author_id(kind, home), person.name, Contactable(name=person.name, email=email, phone=phone)
            )


def company_author(channel: Channel) -> str:
    """The company's own account in a channel."""
    return author_id(DESKS[channel].source_kind, COMPANY_ACCOUNT)


def written(rng: Random, phone: str) -> str:
    """A number in E.164 as people write it: international, with or without blanks and dashes."""
    if not phone.startswith("+1"):
        return phone if rng.random() < 0.5 else f"{phone[:3]} {phone[3:6]} {phone[6:]}"
    area, exchange, line = phone[2:5], phone[5:8], phone[8:]
    forms = (
        phone,
        f"+1 {area} {exchange} {line}",
        f"+1 ({area}) {exchange}-{line}",
        f"+1-{area}-{exchange}-{line}",
    )
    return rng.choice(forms)


def _social(rng: Random, person: Person, account: SocialAccount, at_ms: int) -> Voice:
    handle = account.handle_at(at_ms)
    likes = int(around(rng, max(1.0, person.followers / 400), 1.0))
    return Voice(
        author_id("sim-social", account.account),
        person.name if rng.random() < 0.5 else handle,
        Contactable(handle=handle, handle_verified=True),
        Reach(followers=person.followers, likes=likes, reposts=likes // 6, verified=person.verified),
    )


def _form(rng: Random, person: Person, native_id: str) -> Voice:
    if rng.random() < 0.25:
        return Voice(anonymous_author("sim-form", native_id), can_be_answered=False)
    address = person.emails[0]
    phone = written(rng, person.phone) if person.phone and rng.random() < 0.4 else None
    return Voice(
        author_id("sim-form", address), person.name, Contactable(name=person.name, email=address, phone=phone)
    )
