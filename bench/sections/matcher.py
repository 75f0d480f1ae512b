"""Memory and time of the customer index: how many customers a worker can know."""

import json
import subprocess
import sys
from typing import Any

from bench.figures import rounded
from bench.options import Options


def measure(name: str, options: Options) -> dict[str, Any]:
    """Each size in a process of its own, since memory that was used once is not given back."""
    found = []
    for customers in options.customers:
        argv = [sys.executable, "-m", "bench.peers.customer_index", str(customers)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
        options.tell(f"{name}: {customers:,} customers: {rounded(found[-1]['index_mib'])} MiB")
    return {"sizes": found}
