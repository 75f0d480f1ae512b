"""Days of the simulated world, one after the other, for as long as somebody asks for more.

Each day's needs arise first; each plays out as a matter whose happenings wait in a heap until their time. What has
to be remembered is what is still going on, who has left, and who has learned to go public: no more as days pass.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from random import Random

from listener.domain.contract import format_utc
from listener.domain.enriched import Need
from listener.domain.ids import digest
from listener.domain.mention import Mention
from listener.domain.response import Outcome
from listener.simulator import bystanders
from listener.simulator.company import CAUSES, DAY_MS, HOUR_MS, Cause, history_of
from listener.simulator.course import course_of
from listener.simulator.matter import Beginning, Matter, Value
from listener.simulator.people import People, Person, record_of
from listener.simulator.randomness import around, chance, poisson, weighted
from listener.simulator.settings import SimulationSettings
from listener.simulator.truth import DayTruth, MatterTruth, MentionTruth
from listener.simulator.voices import milliseconds, moment
from listener.simulator.wording.writer import Writer

Truth = MentionTruth | MatterTruth | DayTruth
RATES: dict[str, float] = {
    "question": 0.0018,
    "request": 0.0010,
    "praise": 0.0022,
    "talk": 0.0014,
    "spam": 0.0012,
    "purchase": 0.0020,
}
"""What else happens, per customer and day."""
STRANGERS = 0.05
"""Share of matters of people who are not in the company's database."""
COMES_BACK_AFTER_MS = 180 * DAY_MS
"""Somebody who has left is won back after this time, so that a world that runs for long keeps its customers."""
_BY_HOUR = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 9, 9, 9, 9, 10, 10, 10, 9, 9, 8, 6, 4)
_Tag = tuple[str, str, bool]
"""For counting by day: cause, party, whether it opens a matter."""


class World:
    """The world of one set of settings, from its beginning on.

    Args:
        settings: equal settings make an equal world.
    """

    def __init__(self, settings: SimulationSettings) -> None:
        self.settings = settings
        self.history = history_of(settings)
        self._people = People(settings)
        self._writer = Writer(settings)
        self._tag = digest(
            str(settings.seed),
            str(settings.customers),
            str(settings.days),
            str(settings.activity),
            format_utc(settings.ends_at),
        )[:8]
        self._start = milliseconds(settings.starts_at)
        self._heap: list[tuple[int, int, Value | Truth | Matter, _Tag | None]] = []
        self._sequence = count()
        self._open: dict[str, Matter] = {}
        self._left: dict[int, int] = {}
        self._lessons: dict[int, tuple[int, float]] = {}
        self._days: dict[tuple[date, str], _Day] = defaultdict(_Day)
        self._next_day = 0

    def run(self, until: int) -> Iterator[tuple[int, Value | Truth]]:
        """Everything up to and including a moment (ms since 1970), in order of time; call again to go on.

        Truths come when they no longer change. On the first call the customer records come first.
        """
        if self._next_day == 0:
            yield from self._records()
            self._push(milliseconds(self.history.declared.declared_at), self.history.declared)
        while True:
            day_starts = self._start + self._next_day * DAY_MS
            yield from self._pop(min(until, day_starts - 1))
            if day_starts > until:
                return
            self._begin_day(day_starts)
            self._next_day += 1

    def truth_at(self, as_of: int) -> Iterator[Truth]:
        """The truth, at a moment that `run` has reached, about all that is still going on."""
        for matter in self._open.values():
            mentions, whole = matter.truth(as_of)
            yield from mentions
            if whole is not None:
                yield whole
        for (day, node), counted in sorted(self._days.items()):
            yield counted.truth(day, node)

    # Taking out

    def _pop(self, until: int) -> Iterator[tuple[int, Value | Truth]]:
        heap = self._heap
        while heap and heap[0][0] <= until:
            at, _, value, tag = heapq.heappop(heap)
            if isinstance(value, Matter):
                del self._open[value.beginning.matter_id]
                mentions, whole = value.truth(at)
                yield from ((at, truth) for truth in mentions)
                if whole is not None:
                    yield at, whole
                yield from self._finished_days(at)
                continue
            if tag is not None and isinstance(value, Mention):
                self._days[value.occurred_at.date(), tag[0]].add(tag[1], opens=tag[2])
            yield at, value

    def _finished_days(self, at: int) -> Iterator[tuple[int, DayTruth]]:
        """Days that nothing can be added to: connectors hear everything within a day or so."""
        before = (moment(at) - timedelta(days=3)).date()
        for key in sorted(key for key in self._days if key[0] < before):
            yield at, self._days.pop(key).truth(*key)

    # Putting in

    def _push(self, at: int, value: Value | Truth | Matter, tag: _Tag | None = None) -> None:
        heapq.heappush(self._heap, (at, next(self._sequence), value, tag))

    def _records(self) -> Iterator[tuple[int, Value]]:
        """The company's database as it is at the beginning; it will learn of some of the handles that change."""
        rng = chance(self._tag, "new handles")
        for number in range(self.settings.customers):
            person = self._people.customer(number)
            account = person.accounts[0]
            if account.later_handle and rng.random() < 0.4:
                at = account.changes_at_ms + int(around(rng, 3, 0.5) * DAY_MS)
                self._push(at, record_of(person, moment(at), newest_handle=True))
            yield self._start, record_of(person, self.settings.starts_at)

    def _begin_day(self, starts: int) -> None:
        rng = chance(self._tag, "day", self._next_day)
        people = self.settings.customers * self.settings.activity
        number = count()
        for cause in CAUSES:
            most = max(self.history.factor(cause.node, moment(starts + hour * HOUR_MS)) for hour in range(25))
            for _ in range(poisson(rng, cause.daily_rate * people * most)):
                at = self._time_of_day(rng, starts)
                needs: list[tuple[Need, float]] = [("complaint", 0.8), ("question", 0.12), ("request", 0.08)]
                need = weighted(rng, needs)
                if at is not None and rng.random() < self.history.factor(cause.node, moment(at)) / most:
                    self._begin_matter(rng, next(number), cause, need, at)
        for need in ("question", "request"):
            for _ in range(poisson(rng, RATES[need] * people)):
                at = self._time_of_day(rng, starts)
                if at is not None:
                    self._begin_matter(rng, next(number), None, need, at)
        for name in ("praise", "talk", "spam"):
            for _ in range(poisson(rng, RATES[name] * people)):
                at = self._time_of_day(rng, starts)
                if at is not None:
                    self._begin_aside(rng, next(number), name, at)
        for _ in range(poisson(rng, RATES["purchase"] * people)):
            self._purchase(rng, next(number), starts + rng.randrange(DAY_MS))

    def _begin_matter(self, rng: Random, number: int, cause: Cause | None, need: Need, at: int) -> None:
        matter_id = f"{self._tag}-{self._next_day}-{number}"
        own = chance(matter_id)
        person = self._somebody(own, matter_id, at, STRANGERS)
        if person is None:
            return
        incident = cause is not None and self.history.in_incident(cause.node, moment(at))
        learned_at, lesson = self._lessons.get(person.number, (0, 0.0)) if person.customer_id else (0, 0.0)
        beginning = Beginning(
            matter_id=matter_id,
            person=person,
            cause=cause,
            need=need,
            at=at,
            in_incident=incident,
            campaign=incident and need == "complaint" and rng.random() < 0.12,
            lesson=lesson if learned_at <= at else 0.0,
        )
        matter = course_of(beginning, self._writer, own)
        self._open[matter_id] = matter
        tags = {
            contact.said.mention_id: (matter.node, matter.party, index == 0)
            for index, contact in enumerate(matter.contacts)
            if contact.said.role == "contact"
        }
        for happens_at, value in matter.happenings:
            tag = None
            if isinstance(value, Mention) and value.revision == 0:
                tag = tags.get(value.mention_id)
            self._push(happens_at, value, tag)
        self._push(matter.settled_at, matter)
        self._pass_on(own, matter)
        if person.customer_id is not None:
            if matter.public_paid_off:
                self._lessons[person.number] = (matter.ended_at, min(0.9, lesson + 0.35))
            if matter.churned_at is not None:
                self._left[person.number] = matter.churned_at

    def _pass_on(self, rng: Random, matter: Matter) -> None:
        """Strangers repeat what is said in public, above all what somebody well known says."""
        opening = matter.contacts[0].mention
        person = matter.beginning.person
        if opening.channel != "social" or matter.beginning.need != "complaint":
            return
        if rng.random() > (0.7 if person.bullhorn else 0.04):
            return
        for index in range(1 + poisson(rng, 5.0 if person.bullhorn else 0.7)):
            native_id = f"{matter.beginning.matter_id}-c{index}"
            at = matter.beginning.at + int(around(rng, 1.5, 1.0) * HOUR_MS) + 60_000
            self._push_aside(bystanders.copy(rng, self._people.stranger(native_id), opening, native_id, at))

    def _begin_aside(self, rng: Random, number: int, name: str, at: int) -> None:
        native_id = f"{self._tag}-{self._next_day}-{number}"
        person = self._somebody(rng, native_id, at, 0.35 if name == "praise" else 1.0)
        if person is None:
            return
        make = {"praise": bystanders.praise, "talk": bystanders.talk, "spam": bystanders.spam}[name]
        self._push_aside(make(rng, self._writer, person, native_id, at))

    def _push_aside(self, aside: bystanders.Aside) -> None:
        for at, value in aside.happenings:
            self._push(at, value)
        self._push(aside.happenings[0][0], aside.truth)

    def _purchase(self, rng: Random, number: int, at: int) -> None:
        person = self._somebody(rng, "purchase", at, 0.0)
        if person is None or person.customer_id is None:
            return
        bought = Outcome(
            outcome_id=f"{self._tag}-{self._next_day}-{number}-repeat_purchase",
            customer_id=person.customer_id,
            kind="repeat_purchase",
            value=float(rng.randrange(15, 240)),
            occurred_at=moment(at),
        )
        self._push(at, bought)

    def _somebody(self, rng: Random, key: str, at: int, strangers: float) -> Person | None:
        """A customer or, with probability `strangers`, somebody else; None for a customer who has left."""
        if rng.random() < strangers:
            return self._people.stranger(self._tag, key)
        number = rng.randrange(self.settings.customers)
        left_at = self._left.get(number)
        if left_at is not None and left_at <= at < left_at + COMES_BACK_AFTER_MS:
            return None
        return self._people.customer(number)

    @staticmethod
    def _time_of_day(rng: Random, starts: int) -> int | None:
        """A moment of the day, rarely at night; None (nobody) for some at the weekend."""
        while True:
            at = starts + rng.randrange(DAY_MS)
            when = moment(at)
            if rng.random() * max(_BY_HOUR) < _BY_HOUR[when.hour]:
                return None if when.weekday() >= 5 and rng.random() < 0.25 else at


class _Day:
    def __init__(self) -> None:
        self._new = 0
        self._contacts = 0
        self._parties: set[str] = set()

    def add(self, party: str, *, opens: bool) -> None:
        self._new += opens
        self._contacts += 1
        self._parties.add(party)

    def truth(self, day: date, node: str) -> DayTruth:
        return DayTruth(
            day=day,
            root_cause=node,
            new_matters=self._new,
            contacts=self._contacts,
            parties=len(self._parties),
        )
