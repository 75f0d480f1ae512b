"""Whether reach, a mark on the account, or the segment decides how people are treated."""

from collections import defaultdict

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import answer, read, spread, three
from listener.statistics.matched import Sums, matched_difference

COLUMNS = ("attribute", "value", "parties", "in_a_day", *three("difference"), "compared", "left_out")
Stratum = tuple[str, str, str, bool]
Counts = dict[Stratum, tuple[int, int]]


def fairness(client: Client, window: Window) -> Answer:
    """Who is answered by a person within a day, like compared with like, from the view `fairness`.

    difference: of the share answered in a day, of the parties with this value less those with another value of
    the same attribute, within the same channel, need, root cause and severity (`listener.statistics.matched`).
    compared: parties in strata that have both; left_out: the others. It is an association: a party's reach and
    mark are the highest that were ever told of one of its accounts, also after the answer.
    """
    groups: dict[str, dict[str, Counts]] = defaultdict(lambda: defaultdict(dict))
    for row in read(client, "fairness", window):
        stratum = row["channel"], row["need"], row["root_cause"], bool(row["severe"])
        groups[row["attribute"]][row["value"]][stratum] = row["parties"], row["in_a_day"]
    rows, words = [], []
    for attribute, values in groups.items():
        for value, counts in values.items():
            strata = sorted({stratum for group in values.values() for stratum in group})
            others = [group for name, group in values.items() if name != value]
            found = matched_difference(
                _sums([counts], strata),
                _sums(others, strata),
                figure=f"{attribute} {value}, answered in a day",
            )
            parties = sum(people for people, _ in counts.values())
            rows.append(
                {
                    "attribute": attribute,
                    "value": value,
                    "parties": parties,
                    "in_a_day": sum(quick for _, quick in counts.values()) / parties,
                    "compared": found.people,
                    "left_out": found.left_out,
                }
                | spread("difference", found.difference)
            )
            if found.people and not found.difference.covers(0):
                words.append(f"{found.words}.")
    if rows and not words:
        words = ["No attribute is shown to be associated with the time of the answer."]
    return answer(COLUMNS, rows, words)


def _sums(groups: list[Counts], strata: list[Stratum]) -> Sums:
    people, quick = np.zeros(len(strata), dtype=np.int64), np.zeros(len(strata), dtype=np.int64)
    for group in groups:
        for place, stratum in enumerate(strata):
            more, with_it = group.get(stratum, (0, 0))
            people[place] += more
            quick[place] += with_it
    return Sums.of_shares(people, quick)
