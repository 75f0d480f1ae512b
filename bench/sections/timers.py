"""Memory and time of the timers of a worker: how many clocks may run."""

import json
import subprocess
import sys
from typing import Any

from bench.figures import rounded
from bench.options import Options


def measure(name: str, options: Options) -> dict[str, Any]:
    """Each size in a process of its own, since memory that was used once is not given back."""
    found = []
    for parties in options.parties:
        argv = [sys.executable, "-m", "bench.peers.timer_heap", str(parties)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
        row = found[-1]
        options.tell(
            f"{name}: {parties:,} running clocks: {rounded(row['heap_mib'])} MiB, rebuilt in "
            f"{row['rebuild_seconds']:.1f} s, a look when none is due {rounded(row['idle_microseconds'])} µs"
        )
    return {"sizes": found}
