"""Fills the product's customer index and looks authors up in it; tells memory and time as JSON.

    python -m bench.peers.customer_index CUSTOMERS

See `bench.people` for what customers have and authors tell.
"""

import gc
import json
import random
import sys
import time

from bench.figures import percentile
from bench.people import Somebody, somebody
from bench.watch import status_kib
from stream.enriching_process import GARBAGE_THRESHOLDS
from stream.enrichment.customer_match import CustomerIndex

LOOKUPS = 20_000


def main() -> None:
    """Prints one JSON object."""
    count = int(sys.argv[1])
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    index = CustomerIndex()
    index.put(somebody(0).customer)  # whatever is loaded with the first is not the index's
    index.match(somebody(0).without_keys)
    before = status_kib("self", "VmRSS")
    started = time.perf_counter()
    for number in range(count):
        index.put(somebody(number).customer)
    seconds = time.perf_counter() - started
    after = status_kib("self", "VmRSS")
    figures: dict[str, float] = {
        "customers": count,
        "index_mib": (after - before) / 1024,
        "process_mib": after / 1024,
        "process_peak_mib": status_kib("self", "VmHWM") / 1024,
        "fill_seconds": seconds,
    }
    chance = random.Random(1)
    for way, known in (("exact", True), ("exact", False), ("weighed", True), ("weighed", False)):
        times, found = [], 0
        for _ in range(LOOKUPS):
            asked: Somebody = somebody(chance.randrange(count) + (0 if known else count))
            identity = asked.with_keys if way == "exact" else asked.without_keys
            begins = time.thread_time()  # others on the machine are no part of it
            match = index.match(identity)
            times.append((time.thread_time() - begins) * 1e6)
            found += match.customer_id == asked.customer.customer_id
            if match.customer_id not in (None, asked.customer.customer_id):
                raise AssertionError(f"{identity.author}: {match}")
        if way == "exact" and found != (LOOKUPS if known else 0):
            raise AssertionError(f"{found} of {LOOKUPS} found by exact keys")
        name = f"{way}_{'known' if known else 'unknown'}"
        figures |= {
            f"{name}_p50_microseconds": percentile(times, 0.5),
            f"{name}_p99_microseconds": percentile(times, 0.99),
            f"{name}_found": found / LOOKUPS,
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
