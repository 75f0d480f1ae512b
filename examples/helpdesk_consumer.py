"""A plain consumer of the topic `triage`: one ticket for each live case, in whatever order snapshots come.

    python examples/helpdesk_consumer.py 127.0.0.1:9092

Reads the whole topic at each start, keeps all in memory; what it relies on stands in docs/triage-topic.md.
"""

import json
import sys
from typing import Any

from kafka import KafkaConsumer

Case = dict[str, Any]


class Desk:
    """The newest snapshot of each case, and the number of its ticket."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.tickets: dict[str, int] = {}
        self.opened = 0

    def take(self, case_id: str, case: Case | None) -> str | None:
        """Takes one record; says what it did, or None where there was nothing to do."""
        if case is None:  # a tombstone: closed long ago
            number = self.tickets.pop(case_id, None)
            return f"ticket {number}: archived" if number else None
        if case["version"] <= self.cases.get(case_id, {"version": -1})["version"]:
            return None  # a repeat, or older than what is known
        self.cases[case_id] = case
        if case["state"] == "superseded":
            return self._superseded(case_id)
        if case["historical"]:
            return None  # imported: nobody waits for an answer
        if case_id not in self.tickets:  # no second ticket for what had one under another id
            former = (self.tickets[old] for old in case["supersedes"] if old in self.tickets)
            self.tickets[case_id] = next(former, self.opened + 1)
            self.opened = max(self.opened, self.tickets[case_id])
        told = f"{case['state']} in {case['queue']}, priority {case['priority']}"
        return f"ticket {self.tickets[case_id]}: {case_id} {told}, due {case.get('due_at', 'never')}"

    def _superseded(self, case_id: str) -> str | None:
        number, by = self.tickets.pop(case_id, None), case_id
        for _ in range(10):  # the case that took over may have been taken over itself
            if self.cases.get(by, {"state": ""})["state"] == "superseded":
                by = self.cases[by].get("superseded_by", "")
        if number is None or not by:
            return f"ticket {number}: closed, nothing in it asks for an answer" if number else None
        kept = self.tickets.setdefault(by, number)
        return f"ticket {number}: now {by}" if kept == number else f"ticket {number}: closed, see {kept}"


if __name__ == "__main__":
    desk = Desk()
    for record in KafkaConsumer("triage", bootstrap_servers=sys.argv[1], auto_offset_reset="earliest"):
        done = desk.take(record.key.decode(), json.loads(record.value) if record.value else None)
        if done:
            print(done, flush=True)
