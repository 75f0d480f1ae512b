"""What makes customers contact the company, counted by people, not by posts."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.mistakes import Mistakes
from listener.reports.view import answer, read, spread, three
from listener.statistics.interval import Interval
from listener.statistics.shares import CauseCounts, corrected_shares, shares_as_checked
from listener.statistics.trend import trend

COLUMNS = (
    *("cause", "owner", "parties", "customers", "unmatched_authors", "mentions", "cases", "all_parties"),
    *("share", "share_low", "share_high", "parties_before", *three("trend"), "severe_parties"),
    *("executive_answers", "goodwill", *three("true_share")),
)
REPLICATES = 200
"""Draws of the bootstrap behind `true_share`."""
SAMPLED_PARTIES = 50_000
"""Of so many, or up to twice as many, `true_share` is told: more would add time, and next to no certainty, as
mistakes are known from a few thousand contacts."""
UNKNOWN = Interval(float("nan"), float("nan"), float("nan"), "nothing is known of the model's mistakes")


def root_causes(client: Client, window: Window, mistakes: Mistakes | None = None) -> Answer:
    """Root causes by distinct parties, from the view `root_causes`, which analysts can select from as well.

    A contact is an inbound mention that is neither spam nor a mere mention nor passed on. Of the contacts in the
    window:

    - cause, owner: node of the taxonomy and process owner; ``unknown`` is none of them, a row of its own, last
    - parties: distinct parties; customers: those that are known customers (``c:``); unmatched_authors: the
      others (``a:``)
    - mentions: contacts, of which one can have several causes; deleted ones keep counting
    - cases: opened in the window with this cause, without superseded ones
    - all_parties: distinct parties with any contact, whatever its cause
    - share: parties / all_parties; share_low, share_high: its 95 % Wilson score interval (E. B. Wilson,
      Probable inference, the law of succession, and statistical inference, Journal of the American
      Statistical Association 22 (1927) 209-212). The unit is the party, so one person who posts a hundred
      times weighs as much as one who posts once.
    - trend: parties / parties_before, which is the same of the time of equal length before the window; see
      `listener.statistics.trend`
    - severe_parties: with a contact about safety, law, or a vulnerable person
    - executive_answers, goodwill: what it cost in the cases
    - true_share: the share of parties that truly raised it first and foremost, with an interval that takes in how
      often model and match are known to be wrong (`listener.statistics.shares`); from the view `cause_histogram`;
      where there are very many parties, of some of them, drawn by their hash. None where nothing is known of that,
      or the cause was not among what it is known of.

    Args:
        mistakes: of the model and of the match, on contacts and accounts of which the truth is known.

    Raises:
        What the driver raises; see `listener.clickhouse.client.translated`.
    """
    rows = read(client, "root_causes", window)
    one_of = max(1, rows[0]["all_parties"] // SAMPLED_PARTIES) if rows else 1
    causes = [row["cause"] for row in rows]
    true = {} if mistakes is None else true_shares(client, window, mistakes, causes, one_of)
    return answer(
        COLUMNS,
        [
            row
            | spread("trend", trend(row["parties"], row["parties_before"]))
            | {"goodwill": _money(row)}
            | spread("true_share", true.get(row["cause"], UNKNOWN))
            for row in rows
        ],
        () if mistakes is None else _source(mistakes, one_of),
    )


def _source(mistakes: Mistakes, one_of: int) -> list[str]:
    sample = "" if one_of == 1 else f", from one in {one_of} of the people, drawn by chance"
    told = [f"true_share: {mistakes.words}{sample}."]
    if mistakes.checked is None:
        told.append(
            "Its interval takes the mistakes about one person as independent, and holds the truth less often than "
            "95 times in 100 where somebody is misread in the same way again and again: check some hundred people "
            "whole, `listener evaluate root-cause --party`."
        )
    return told


def true_shares(
    client: Client, window: Window, mistakes: Mistakes, causes: Sequence[str], one_of: int
) -> dict[str, Interval]:
    """Each cause's share of parties with the mistakes taken in, from one in `one_of` of them."""
    accounts: Counter[str] = Counter()
    cells: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for row in read(client, "cause_histogram", window, one_of=one_of):
        cells[row["cause"]].append((row["contacts"], row["with_cause"], row["parties"]))
        accounts[row["cause"]] += row["accounts"]
    everybody = {contacts: parties for contacts, _, parties in cells.pop("", [])}
    counts = {}
    for cause in causes:
        found = cells[cause]
        without = dict(everybody)
        for contacts, _, parties in found:
            without[contacts] -= parties
        histogram = [*found, *((contacts, 0, parties) for contacts, parties in without.items() if parties)]
        counts[cause] = CauseCounts(np.array(histogram, dtype=np.int64), accounts[cause])
    if mistakes.checked is not None:
        return shares_as_checked(counts, mistakes.checked, accounts=accounts[""], linkage=mistakes.linkage)
    return corrected_shares(
        counts, mistakes.confusion, accounts=accounts[""], linkage=mistakes.linkage, replicates=REPLICATES
    )


def _money(row: dict[str, dict[str, float]]) -> str:
    return ", ".join(f"{amount:.2f} {currency}" for currency, amount in sorted(row["goodwill"].items()))
