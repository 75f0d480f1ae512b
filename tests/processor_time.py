"""How long a function keeps the processor, also where other processes are in its way."""

import time
from collections.abc import Callable

ATTEMPTS = 100


def shortest_time(function: Callable[[], object], *, enough: float) -> float:
    """Returns the shortest time of this thread in seconds, of up to a hundred calls; ends at the first that is
    below `enough`. A neighbour on the same core slows down one call, never all of them."""
    shortest = float("inf")
    for _ in range(ATTEMPTS):
        began = time.thread_time()
        function()
        shortest = min(shortest, time.thread_time() - began)
        if shortest < enough:
            break
    return shortest
