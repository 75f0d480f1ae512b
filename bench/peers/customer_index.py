"""Fills the product's customer index and looks authors up in it; tells memory and time as JSON.

    python -m bench.peers.customer_index CUSTOMERS

A customer has a name, an e-mail address, a telephone number and an account.
"""

import gc
import json
import random
import sys
import time

from bench.figures import percentile
from bench.watch import status_kib
from listener.bootstrap_stages import GARBAGE_THRESHOLDS
from listener.domain.customer import Customer, Handle
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity

LOOKUPS = 20_000


def customer(number: int) -> Customer:
    """One of them."""
    return Customer(
        customer_id=f"C{number:08d}",
        names=(f"Given{number % 997} Family{number % 9973}",),
        emails=(f"person.{number}@example{number % 50}.com",),
        phones=(f"+4420{number:08d}",),
        handles=(Handle(source_kind="social", handle=f"person_{number}"),),
        segment="standard",
    )


def author(number: int) -> AuthorIdentity:
    """Somebody who writes from an account and gives an e-mail address; a customer if the number is one's."""
    return AuthorIdentity(
        author=f"social:person_{number}",
        source_kind="social",
        emails=(f"person.{number}@example{number % 50}.com",),
        verified_handles=(f"person_{number}",),
    )


def main() -> None:
    """Prints one JSON object."""
    count = int(sys.argv[1])
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    index = CustomerIndex()
    index.put(customer(0))  # whatever is loaded with the first is not the index's
    before = status_kib("self", "VmRSS")
    started = time.perf_counter()
    for number in range(count):
        index.put(customer(number))
    seconds = time.perf_counter() - started
    after = status_kib("self", "VmRSS")
    chance = random.Random(1)
    told: dict[str, float] = {}
    for name, first in (("known", 0), ("unknown", count)):
        times = []
        for _ in range(LOOKUPS):
            identity = author(first + chance.randrange(count))
            begins = time.perf_counter()
            match = index.match(identity)
            times.append((time.perf_counter() - begins) * 1e6)
            if (match.status == "matched") != (name == "known"):
                raise AssertionError(f"{identity.author}: {match.status}")
        told |= {
            f"{name}_p50_microseconds": percentile(times, 0.5),
            f"{name}_p99_microseconds": percentile(times, 0.99),
        }
    figures = {
        "customers": count,
        "index_mib": (after - before) / 1024,
        "process_mib": after / 1024,
        "fill_seconds": seconds,
        **told,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
