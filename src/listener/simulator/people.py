"""Who there is: customers with their accounts, and what the company's database knows of them; strangers.

A person follows from the seed and a number alone, so that a million of them need no memory. Telephone numbers come
from the ranges set aside for fiction (+1 xxx 555 01xx; Ofcom's numbers for drama), which end after about 20,000
people: customers beyond that have none. Mail goes to domains under ``example.test``, which can never exist.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from random import Random

from listener.domain.contract import floor_to_milliseconds
from listener.domain.customer import Customer, Handle
from listener.domain.ids import digest
from listener.domain.mention import Channel
from listener.simulator.company import DAY_MS
from listener.simulator.names import AREA_CODES, CITIES, FIRST_NAMES, LAST_NAMES, NICK_WORDS
from listener.simulator.randomness import around, chance, weighted
from listener.simulator.settings import SimulationSettings

DRAMA_NUMBERS = ("+44207946", "+44113496", "+44114496", "+44118496", "+44116496", "+44117496", "+44121496")
_UNITED_STATES = len(AREA_CODES) * 100
PHONES = _UNITED_STATES + len(DRAMA_NUMBERS) * 1000
MAIL_DOMAINS = ("post.example.test", "inbox.example.test", "mail.example.test", "letterbox.example.test")


@dataclass(frozen=True)
class SocialAccount:
    """An account whose id stays while its handle may change at `changes_at_ms`."""

    account: str
    handle: str
    later_handle: str | None = None
    changes_at_ms: int = 0

    def handle_at(self, at_ms: int) -> str:
        """The handle shown at a moment."""
        return self.later_handle if self.later_handle and at_ms >= self.changes_at_ms else self.handle


@dataclass(frozen=True)
class Style:
    """How somebody writes: error rate per word, and habits as shares of texts."""

    typos: float
    lower_case: bool
    shouts: bool
    slang: bool
    emoji: float


@dataclass(frozen=True)
class Person:
    """Somebody with a telephone, mail and accounts. `customer_id` is None for a stranger."""

    number: int
    customer_id: str | None
    first: str
    last: str
    city: str
    emails: tuple[str, ...]
    phone: str | None
    shared_phone: bool
    accounts: tuple[SocialAccount, ...]
    nick: str
    segment: str
    preferred: Channel
    publicness: float
    """0..1: how soon this person goes public."""
    persistence: float
    """0..1: chance to come again after a contact failed."""
    followers: int
    verified: bool
    language: str
    style: Style

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def bullhorn(self) -> bool:
        """Whether very many hear what this person says."""
        return self.followers >= 20_000


class People:
    """Everybody in one world.

    Args:
        settings: seed and number of customers; the history's length places changes of handles.
    """

    def __init__(self, settings: SimulationSettings) -> None:
        self._seed = settings.seed
        self._days = settings.days
        self._start_ms = int(settings.starts_at.timestamp() * 1000)
        self._tag = digest("people", str(settings.seed))[:4]
        self.customer = lru_cache(maxsize=50_000)(self._customer)
        """The customer with this number (0 to customers - 1)."""

    def stranger(self, *key: object) -> Person:
        """Somebody who is in no database of the company's."""
        rng = chance(self._seed, "stranger", *key)
        return self._person(rng, rng.randrange(10**9), None)

    def _customer(self, number: int) -> Person:
        return self._person(chance(self._seed, "customer", number), number, f"C-{self._tag}-{number:07d}")

    def _person(self, rng: Random, number: int, customer_id: str | None) -> Person:
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        unique = f"{_base36(number)}{'' if customer_id else 'x'}"
        shared = customer_id is not None and number > 0 and rng.random() < 0.05
        if shared:  # a household: one name, one telephone
            last = self._last_name(number - 1) if rng.random() < 0.6 else last
        mails = [f"{_ascii(first)}.{_ascii(last)}.{unique}@{rng.choice(MAIL_DOMAINS)}"]
        if rng.random() < 0.18:
            mails.append(f"{rng.choice(NICK_WORDS)}{unique}@{rng.choice(MAIL_DOMAINS)}")
        kinds = [("consumer", 0.72), ("plus", 0.2), ("business", 0.08)]
        channels: list[tuple[Channel, float]] = [
            ("email", 0.3),
            ("phone", 0.26),
            ("web_feedback", 0.16),
            ("social", 0.18),
            ("forum", 0.05),
            ("review", 0.03),
            ("letter", 0.02),
        ]
        phone = _phone(number - 1 if shared else number) if customer_id else None
        bullhorn = rng.random() < 0.015
        followers = (
            int(around(rng, 60_000, 1.0)) + 20_000 if bullhorn else min(19_000, int(around(rng, 140, 1.3)))
        )
        preferred = weighted(rng, channels)
        return Person(
            number=number,
            customer_id=customer_id,
            first=first,
            last=last,
            city=rng.choice(CITIES),
            emails=tuple(mails),
            phone=phone,
            shared_phone=shared and phone is not None,
            accounts=self._accounts(rng, unique, first, last),
            nick=f"{rng.choice(NICK_WORDS)}_{unique}",
            segment=weighted(rng, kinds),
            preferred="email" if preferred == "phone" and phone is None else preferred,
            publicness=rng.betavariate(1.6, 3.2),
            persistence=rng.betavariate(5, 2.2),
            followers=followers,
            verified=bullhorn and rng.random() < 0.6,
            language=weighted(
                rng, [("en", 0.93), ("es", 0.025), ("de", 0.015), ("fr", 0.015), ("hi", 0.015)]
            ),
            style=Style(
                typos=weighted(rng, [(0.0, 0.5), (0.02, 0.35), (0.06, 0.15)]),
                lower_case=rng.random() < 0.18,
                shouts=rng.random() < 0.04,
                slang=rng.random() < 0.25,
                emoji=rng.random() * 0.5,
            ),
        )

    def _accounts(self, rng: Random, unique: str, first: str, last: str) -> tuple[SocialAccount, ...]:
        forms = [
            f"{first}{last}{unique}",
            f"{first}_{unique}",
            f"{rng.choice(NICK_WORDS)}{unique}",
            f"the{last}{unique}",
        ]
        forms = [_ascii(form) for form in forms]
        rng.shuffle(forms)
        count = weighted(rng, [(1, 0.93), (2, 0.07)])
        accounts = []
        for index in range(count):
            changes = index == 0 and rng.random() < 0.08
            accounts.append(
                SocialAccount(
                    account=f"{self._tag}{unique}{index}",
                    handle=forms[index],
                    later_handle=forms[3] + "_" if changes else None,
                    changes_at_ms=self._start_ms + int(rng.random() * self._days * DAY_MS),
                )
            )
        return tuple(accounts)

    def _last_name(self, number: int) -> str:
        rng = chance(self._seed, "customer", number)
        rng.choice(FIRST_NAMES)
        return rng.choice(LAST_NAMES)


def record_of(person: Person, at: datetime, *, newest_handle: bool = False) -> Customer:
    """What the company's database holds: often less than there is, and handles that are out of date.

    Args:
        person: a customer.
        at: `updated_at` of the record.
        newest_handle: the database has learned of a changed handle.

    Raises:
        ValueError: a stranger has no record.
    """
    if person.customer_id is None:
        raise ValueError("a stranger has no record")
    rng = chance("record", person.customer_id)
    account = person.accounts[0]
    knows_handle = rng.random() < 0.45 or newest_handle
    handle = account.later_handle if newest_handle and account.later_handle else account.handle
    handles = [Handle(source_kind="sim-social", handle=handle)] if knows_handle else []
    if rng.random() < 0.2:
        handles.append(Handle(source_kind="sim-forum", handle=person.nick))
    return Customer(
        customer_id=person.customer_id,
        names=(person.name,) if rng.random() < 0.9 else (f"{person.first[0]}. {person.last}", person.name),
        emails=person.emails[:1] if rng.random() < 0.93 else (),
        phones=(person.phone,) if person.phone and rng.random() < 0.88 else (),
        handles=tuple(handles),
        segment=person.segment,
        preferred_channel=person.preferred if rng.random() < 0.6 else None,
        consent={"link_social": rng.random() < 0.85},
        updated_at=floor_to_milliseconds(at),
    )


def _phone(slot: int) -> str | None:
    if slot < _UNITED_STATES:
        return f"+1{AREA_CODES[slot % len(AREA_CODES)]}55501{slot // len(AREA_CODES):02d}"
    if slot < PHONES:
        rest = slot - _UNITED_STATES
        return f"{DRAMA_NUMBERS[rest // 1000]}0{rest % 1000:03d}"
    return None


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        if number == 0:
            return digits


def _ascii(name: str) -> str:
    return name.lower().translate(str.maketrans("áéíóúñüöäçèß '-", "aeiounuoaces___")).replace("_", "")
