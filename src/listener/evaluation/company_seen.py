"""What is known of a company's people who were drawn, when history has gone on so far."""

from dataclasses import dataclass

import numpy as np

from listener.evaluation.company_cases import NO_CASE, Asks, Bools, Cases, Labels
from listener.evaluation.drawn_people import Drawn, MatchErrors
from listener.statistics.answer_times import Waits
from listener.statistics.clustered import PartySums
from listener.statistics.interval import Floats, Ints


@dataclass(frozen=True)
class SeenContacts:
    """Contacts that ask as somebody knows them, one entry each.

    Attributes:
        party: as the match makes it; channel, queue: place of the name.
        vanished: whether it became a black hole.
    """

    party: Ints
    channel: Ints
    queue: Ints
    vanished: Bools


@dataclass(frozen=True)
class SeenOutcomes:
    """What became of customers, one entry each.

    Attributes:
        party: the customer; kind: place in `OUTCOMES`; at: hours; value: as told.
        customers: parties that are customers, be something known of them or not; rising.
    """

    party: Ints
    kind: Ints
    at: Floats
    value: Floats
    customers: Ints


@dataclass(frozen=True)
class Seen:
    """Cases as somebody knows them, one entry each, by party and time.

    Attributes:
        party: as the match makes it; cause, channel, answered_by: place of the name.
        need, severe: as `Labels`; reach, mark, segment: of the party.
        answered: infinite where no person answered before observation ended.
        until: hours at which observation ended.
        contacts, outcomes: of the same parties.
    """

    party: Ints
    cause: Ints
    need: Ints
    severe: Bools
    channel: Ints
    public: Bools
    asked: Floats
    answered: Floats
    answered_by: Ints
    went_public: Bools
    reach: Ints
    mark: Ints
    segment: Ints
    until: float
    contacts: SeenContacts
    outcomes: SeenOutcomes

    def waits(self, those: Bools) -> Waits:
        """Of some of them; every wait is a bin of its own."""
        ended = np.minimum(self.answered, self.until)[those] - self.asked[those]
        edges, bins = np.unique(ended, return_inverse=True)
        happened = np.isfinite(self.answered[those])
        answered, all_of_them = (
            np.bincount(bins[some], minlength=len(edges)).astype(np.int64)
            for some in (happened, np.ones_like(happened))
        )
        return Waits(edges, answered, np.zeros(len(edges), dtype=np.int64), all_of_them - answered)

    def parties(self, those: Bools) -> int:
        """Distinct ones of some cases."""
        return len(np.unique(self.party[those]))

    def next_of_party(self) -> Ints:
        """Place of the first case in which the party of each asked once the answer had come; -1 without one."""
        _, whose = np.unique(self.party, return_inverse=True)
        # parties one after the other on one axis of time, on which cases are in order
        span = self.until + 1
        own, answered = whose * span, np.minimum(self.answered, self.until)
        place = np.searchsorted(own + self.asked, own + answered, side="right")
        following = np.append(whose, -1)[place]
        return np.where((following == whose) & np.isfinite(self.answered), place, -1)


def seen(
    cases: Cases,
    drawn: Drawn,
    labels: Labels,
    asks: Asks,
    errors: MatchErrors | None,
    generator: np.random.Generator,
    *,
    until: float,
) -> Seen:
    """What is known of people who were drawn.

    A case goes with the account of its first contact. Of one that went public from an account that the match does
    not tie to that one, nobody knows that it did. A party is the customer to whom its first account belongs.

    Args:
        labels, asks: those of the company that are true, or found.
        until: hours at which observation ends.
    """
    kept = (labels.cause[drawn.places] != NO_CASE) & (cases.asked[drawn.places] < until)
    places, first = drawn.places[kept], drawn.first_account[drawn.draw[kept]]
    parties = drawn.parties(errors, generator)
    party, loud = parties[first + cases.owners.account[places]], cases.went_public_from[places]
    order = np.lexsort((cases.asked[places], party))
    went_public = ((loud >= 0) & (parties[first + np.maximum(loud, 0)] == party))[order]
    places, party = places[order], party[order]
    answered = cases.answered[places]
    known = answered <= until
    size = int(parties.max(initial=0)) + 1
    reach, mark, segment = np.zeros((3, size), dtype=np.int64)
    np.maximum.at(reach, parties, labels.reach[drawn.account_places])
    np.maximum.at(mark, parties, labels.mark[drawn.account_places])
    segment[: len(drawn.people)] = cases.segment[drawn.people]
    return Seen(
        party,
        labels.cause[places],
        labels.need[places],
        labels.severe[places],
        cases.channel[places],
        cases.public[places],
        cases.asked[places],
        np.where(known, answered, np.inf),
        np.where(known, cases.answered_by[places], -1),
        went_public,
        reach[party],
        mark[party],
        segment[party],
        until,
        _contacts(cases, drawn, asks, parties, until),
        _outcomes(cases, drawn, until),
    )


def _contacts(cases: Cases, drawn: Drawn, asks: Asks, parties: Ints, until: float) -> SeenContacts:
    contacts = cases.contacts
    places, draw = contacts.of.of(drawn.people)
    kept = asks.asks[places] & (contacts.asked[places] < until)
    places, draw = places[kept], draw[kept]
    return SeenContacts(
        parties[drawn.first_account[draw] + contacts.account[places]],
        contacts.channel[places],
        asks.queue[places],
        asks.vanished[places] <= until,
    )


def _outcomes(cases: Cases, drawn: Drawn, until: float) -> SeenOutcomes:
    outcomes = cases.outcomes
    places, draw = outcomes.of.of(drawn.people)
    kept = outcomes.at[places] < until
    places = places[kept]
    return SeenOutcomes(
        draw[kept],
        outcomes.kind[places],
        outcomes.at[places],
        outcomes.value[places],
        np.flatnonzero(cases.customer[drawn.people]),
    )


def party_sums(unit: Ints, figure: Floats | Bools) -> PartySums:
    """Sums over units, which are parties or parts of them."""
    _, where = np.unique(unit, return_inverse=True)
    n, k = np.bincount(where).astype(np.float64), np.bincount(where, weights=figure)
    return PartySums(len(n), float(n.sum()), float(k.sum()), float(n @ n), float(k @ k), float(n @ k))


def joint(*parts: Ints | Bools) -> Ints:
    """One number for each of what is told together, entry by entry; none is below 0."""
    number = np.zeros(len(parts[0]), dtype=np.int64)
    for part in parts:
        number = number * (int(part.max(initial=0)) + 1) + part
    return number
