"""When which party is to be looked at again: a heap, kept current by what is stored.

A party's state says when its cases will say something else (`stream.triage.party_state.Head`). What is due is
published by `stream.fire_timers`; `stream.offline` does the same without Kafka.
"""

from heapq import heapify, heappop, heappush
from math import inf

from stream.triage.party_state import Head


class PartitionTimers:
    """When which party of one partition is to be looked at again. What was fired is not fired again.

    Args:
        policy_hash: of the policy in force. Who has an open case and was judged under another one is looked at
            when there is time.
    """

    def __init__(self, policy_hash: str | None = None) -> None:
        self._policy_hash = policy_hash
        self._wakes: dict[bytes, int] = {}
        self._heap: list[tuple[int, bytes]] = []
        """Each wake of `_wakes` that was not fired; and former ones, which are passed over."""
        self._fired: set[bytes] = set()
        self._held: dict[bytes, float] = {}
        self._outdated: dict[bytes, None] = {}

    def __len__(self) -> int:
        """How many timers wait: moments to come, what is held back, and who was judged under another policy."""
        return len(self._wakes) - len(self._fired) + len(self._held) + len(self._outdated)

    def told(self, key: bytes, head: Head | None, seconds: float = 0.0) -> None:
        """A state was stored, or was read from the table; the last word on a party holds.

        Args:
            head: of the state; None if the party has none.
            seconds: of a clock that only runs forward.
        """
        wake_ms = None if head is None else head.wake_ms
        if wake_ms is None:
            self._wakes.pop(key, None)
            self._fired.discard(key)
        elif self._wakes.get(key) != wake_ms:
            self._wakes[key] = wake_ms
            self._fired.discard(key)
            heappush(self._heap, (wake_ms, key))
            if len(self._heap) > 2 * len(self._wakes) + 1000:
                self._heap = [(wake, name) for name, wake in self._wakes.items() if name not in self._fired]
                heapify(self._heap)
        if head is not None and head.held:
            self._held.setdefault(key, seconds)
        else:
            self._held.pop(key, None)
        if head is not None and head.live and self._policy_hash not in {None, head.policy_hash}:
            self._outdated[key] = None
        else:
            self._outdated.pop(key, None)

    def next_ms(self) -> int | None:
        """The earliest time that something is due which was not fired."""
        while self._heap:
            wake_ms, key = self._heap[0]
            if self._stands(wake_ms, key):
                return wake_ms
            heappop(self._heap)
        return None

    def due(self, now_ms: int, most: float = inf) -> list[tuple[bytes, int]]:
        """What is due by now, the earliest first: party, and since when."""
        found: list[tuple[bytes, int]] = []
        while len(found) < most and (wake_ms := self.next_ms()) is not None and wake_ms <= now_ms:
            _, key = heappop(self._heap)
            self._fired.add(key)
            found.append((key, wake_ms))
        return found

    def held(self, until_seconds: float = inf, most: float = inf) -> list[bytes]:
        """Parties that have held something back since then at the latest; each once for what it holds back."""
        found: list[bytes] = []
        for key, since in self._held.items():
            if len(found) >= most:
                break
            if since <= until_seconds and since < inf:
                found.append(key)
        self._held.update(dict.fromkeys(found, inf))
        return found

    def outdated(self, most: int) -> list[bytes]:
        """Parties that were judged under another policy, each once."""
        found = [key for key, _ in zip(self._outdated, range(most), strict=False)]
        for key in found:
            del self._outdated[key]
        return found

    def _stands(self, wake_ms: int, key: bytes) -> bool:
        return self._wakes.get(key) == wake_ms and key not in self._fired
