"""Which records of one table are of one person: clusters by mean weight.

Joining all that any pair holds together chains strangers: one wrong pair makes one person of two. So the two
clusters with the highest mean over all their pairs are joined, until the best mean is below what is asked
for (average linkage, Sokal & Michener 1958).
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable

LIKELY_BITS = -1.0
"""Mean log-odds from which on two clusters are one. Pairs that have few fields in common pull the mean down,
and a mean of 0 would leave out people of whom some record tells little."""


def cluster(
    count: int,
    pairs: Iterable[tuple[int, int]],
    odds: Callable[[int, int], float],
    least: float = LIKELY_BITS,
) -> list[list[int]]:
    """Puts records together.

    Args:
        count: of records.
        pairs: those worth a comparison.
        odds: log-odds in bits that two records are of one person.
        least: mean of all pairs of two clusters that are joined.

    Returns:
        Places of records by cluster; by the first place, in order.
    """
    members: dict[int, list[int]] = {place: [place] for place in range(count)}
    sums: dict[int, dict[int, float]] = defaultdict(dict)
    heap: list[tuple[float, int, int]] = []
    for one, other in sorted(pairs):
        total = odds(one, other)
        sums[one][other] = sums[other][one] = total
        if total >= least:
            heap.append((-total, one, other))
    heapq.heapify(heap)
    while heap:
        negative, one, other = heapq.heappop(heap)
        if one not in members or other not in members or _mean(members, sums, one, other) != -negative:
            continue  # one of them has changed since
        for third in sums[one].keys() | sums[other].keys():
            if third in (one, other) or third not in members:
                continue
            total = sum(
                sums[side][third]
                if third in sums[side]
                else sum(odds(mine, theirs) for mine in members[side] for theirs in members[third])
                for side in (one, other)
            )
            sums[one][third] = sums[third][one] = total
        members[one] += members.pop(other)
        for third in sums.pop(other):
            sums[third].pop(other, None)
        for third in sums[one]:
            mean = _mean(members, sums, one, third)
            if mean >= least:
                heapq.heappush(heap, (-mean, min(one, third), max(one, third)))
    return sorted(sorted(found) for found in members.values())


def _mean(members: dict[int, list[int]], sums: dict[int, dict[int, float]], one: int, other: int) -> float:
    return sums[one][other] / (len(members[one]) * len(members[other]))
