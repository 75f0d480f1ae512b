"""`listener` with a consumer that dies silently: when it has read all, it stays in its group and reads no more."""

import sys
import time
from typing import Any

from kafka.consumer.fetcher import Fetcher

from listener.cli.main import main

QUIET_SECONDS = 5.0
fetch = Fetcher.fetch_records


class Ear:
    heard_at: float | None = None
    deaf = False


def fetch_until_deaf(self: Fetcher, *arguments: Any, **named: Any) -> Any:
    if Ear.deaf:
        time.sleep(0.05)
        return {}, False
    records, idle = fetch(self, *arguments, **named)
    if records:
        Ear.heard_at = time.monotonic()
    elif Ear.heard_at is not None and time.monotonic() - Ear.heard_at > QUIET_SECONDS:
        Ear.deaf = True
        print("deaf now", file=sys.stderr, flush=True)
    return records, idle


Fetcher.fetch_records = fetch_until_deaf

if __name__ == "__main__":
    main()
