"""The gate before a server: counts requests, acts at the n-th, and lets chosen ones meet a fault."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

WAIT_SECONDS = 90.0
"""A machine may be busy; no test waits for so long unless something is wrong."""


@dataclass(frozen=True)
class Refuse:
    """Answers with this status."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """Answers 200 with something for people, such as a notice of maintenance."""


@dataclass(frozen=True)
class Drop:
    """Hangs up without an answer."""


@dataclass(frozen=True)
class Cut:
    """Hangs up in the middle of the answer."""


Fault = Refuse | Page | Drop | Cut


@dataclass
class _Alarm:
    left: int
    action: Callable[[], object]


class Gate:
    """The server calls `arrive` when it has read a request, and commits the fault that it returns.

    What a request is, the server decides: each HTTP request, each event that a stream sends, each command of an
    IMAP client. A server that keeps connections open breaks them off once `cuts` has changed.

    Attributes:
        asked: when requests arrived, in seconds of the monotonic clock.
        cuts: how often everything open was to be broken off.
    """

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.cuts = 0
        self._down = False
        self._faults: deque[Fault] = deque()
        self._met: list[tuple[Fault, float]] = []
        self._alarms: list[_Alarm] = []
        self._changed = threading.Condition()

    def arrive(self) -> Fault | None:
        """A request has arrived: what it is to meet."""
        with self._changed:
            now = time.monotonic()
            self.asked.append(now)
            fault = Drop() if self._down else self._faults.popleft() if self._faults else None
            if fault is not None:
                self._met.append((fault, now))
            for alarm in self._alarms:
                alarm.left -= 1
            due = [alarm for alarm in self._alarms if alarm.left <= 0]
            self._alarms = [alarm for alarm in self._alarms if alarm.left > 0]
            self._changed.notify_all()
        for alarm in due:
            alarm.action()
        return fault

    @property
    def is_down(self) -> bool:
        """Whether nobody gets an answer, nor anything from a stream."""
        return self._down

    def down(self) -> None:
        """Breaks off everything; from now on nobody gets an answer."""
        with self._changed:
            self._down = True
            self.cuts += 1
            self._changed.notify_all()

    def up(self) -> None:
        """Answers again."""
        with self._changed:
            self._down = False

    def cut(self) -> None:
        """Breaks off what is open; new connections are welcome."""
        with self._changed:
            self.cuts += 1
            self._changed.notify_all()

    def meet(self, *faults: Fault) -> None:
        """The next requests meet these, one each."""
        with self._changed:
            self._faults.extend(faults)

    def meet_at(self, number: int, fault: Fault) -> None:
        """The n-th request from now on meets this."""
        if number == 1:
            self.meet(fault)
        else:
            self.at(number - 1, lambda: self.meet(fault))

    def forget(self) -> None:
        """What was to happen does not happen any more."""
        with self._changed:
            self._faults.clear()
            self._alarms.clear()

    def at(self, number: int, action: Callable[[], object]) -> None:
        """Acts when the n-th request from now on has arrived, before it is answered."""
        with self._changed:
            self._alarms.append(_Alarm(number, action))

    def wait_asked(self, more: int) -> None:
        """Waits for so many requests from now on."""
        with self._changed:
            goal = len(self.asked) + more
            arrived = self._changed.wait_for(lambda: len(self.asked) >= goal, WAIT_SECONDS)
        assert arrived, f"waited for {more} requests, and {goal - len(self.asked)} of them did not come"

    def wait_met(self, count: int) -> float:
        """Waits until so many faults were met in all. Returns when the last of them was."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._met) >= count, WAIT_SECONDS), "nobody asks"
            return self._met[count - 1][1]
