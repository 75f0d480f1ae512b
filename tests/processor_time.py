"""How long a function keeps the processor, beside another one: seconds say little on a machine that others use."""

import time
from collections.abc import Callable

ATTEMPTS = 100


def times_as_long(function: Callable[[], object], other: Callable[[], object], *, enough: float) -> float:
    """How many times as long the first takes as the second, by the shortest of up to a hundred calls each.

    Both are called in turn, so that whoever shares the core slows down both. Ends as soon as the result is below
    `enough`.
    """
    shortest = [float("inf"), float("inf")]
    for _ in range(ATTEMPTS):
        for place, each in enumerate((function, other)):
            began = time.thread_time()
            each()
            shortest[place] = min(shortest[place], time.thread_time() - began)
        if shortest[0] < enough * shortest[1]:
            break
    return shortest[0] / shortest[1]
