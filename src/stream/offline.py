"""All stages in memory, without Kafka: the same steps in the same order as the worker's.

`run` processes everything once, and lets time pass as it did: what was heard live is judged when it was heard,
and timers fire in between. `AllStages` can be driven turn by turn, with any interleaving, with timers at any
moment, and with crashes in the middle of a turn, after which the records are read again; so tests show that none
of this changes what comes out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from listener.domain.case import Case
from listener.domain.clock import TimerDue
from listener.domain.command import CaseCommand
from listener.domain.contract import Versioned
from listener.domain.customer import IdentityLink
from listener.domain.governance import Alert
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Response
from listener.domain.topics import ALERTS, BACKFILL, COMMANDS, LINKS, RAW, RESPONSES, TIMERS_DUE, TRIAGE
from stream.ledger.ledger import Ledger, Recorded, key_of
from stream.levels import Levels
from stream.moments import from_ms, to_ms
from stream.stage import Input, Output, Position, Stage
from stream.timers import PartitionTimers
from stream.triage.party_state import read_head
from stream.triage.triage import Triage

TOGETHER = timedelta(minutes=1)
"""What was heard within so long of each other is processed in one go by `run`."""

StageName = Literal["ledger", "triage", "levels"]
Queue = tuple[StageName, str, str]
"""Stage, key and topic."""


def topic_of(value: Recorded) -> str:
    """The topic that a value of stage 1 belongs to."""
    if isinstance(value, Response):
        return RESPONSES.name
    if isinstance(value, IdentityLink):
        return LINKS.name
    if isinstance(value, CaseCommand):
        return COMMANDS.name
    return BACKFILL.name if value.historical else RAW.name


class AllStages:
    """The three stages with queues, states and acknowledgements in memory.

    Each key has a queue in each topic of its own; a queue keeps its order.

    Args:
        now: the time of every step.
        wire: whether what goes from stage to stage is written and read as JSON, as in Kafka.

    Attributes:
        cases: the newest snapshot of each case.
        alerts: the newest word on each alert, by id.
        timers: when which party is to be looked at again.
        published: everything that left the stages, in order.
    """

    def __init__(
        self, ledger: Ledger, triage: Triage, now: Callable[[], datetime], *, wire: bool = False
    ) -> None:
        self._stages: dict[StageName, Stage[Any]] = {
            "ledger": ledger,
            "triage": triage,
            "levels": Levels(triage.policy),
        }
        self._stage_of: dict[str, StageName] = {
            topic: name for name, stage in self._stages.items() for topic in stage.topics
        }
        self._now = now
        self._wire = wire
        self._logs: dict[Queue, list[Versioned]] = {}
        self._acknowledged: dict[Queue, int] = {}
        self._waiting: dict[tuple[StageName, str], None] = {}
        self._states: dict[tuple[StageName, str], bytes] = {}
        self.cases: dict[str, Case] = {}
        self.alerts: dict[str, Alert] = {}
        self.timers = PartitionTimers()
        self.published: list[Output] = []

    def put(self, topic: str, key: str, value: Versioned) -> None:
        """Appends a record to a topic that one of the stages reads."""
        name = self._stage_of[topic]
        self._logs.setdefault((name, key, topic), []).append(value)
        self._waiting[name, key] = None

    def waiting(self) -> list[Queue]:
        """The queues with records that are not acknowledged yet."""
        return [queue for queue in self._logs if self._left(queue)]

    def _left(self, queue: Queue) -> int:
        return len(self._logs.get(queue, ())) - self._acknowledged.get(queue, 0)

    def state(self, name: StageName, key: str) -> bytes | None:
        """What a stage keeps of a key."""
        return self._states.get((name, key))

    def states(self) -> Mapping[tuple[StageName, str], bytes]:
        """All that the stages keep."""
        return self._states

    def turn(
        self,
        name: StageName,
        key: str,
        take: Sequence[tuple[str, int]] | None = None,
        *,
        landing: Callable[[Sequence[Output]], Sequence[Output]] | None = None,
        crash: bool = False,
    ) -> int:
        """One batch of one key: fold, store, publish, acknowledge; how many records it had.

        Args:
            take: how many records of which topics, in this order; all that wait by default.
            landing: which outputs are stored by the broker, in which order; all, in theirs, by default.
            crash: the worker dies after that, so nothing is acknowledged.
        """
        stage = self._stages[name]
        if take is None:
            take = [(topic, self._left((name, key, topic))) for topic in stage.topics]
        values: list[Any] = []
        positions: list[Position] = []
        upto: dict[Queue, int] = {}
        for topic, count in take:
            queue = (name, key, topic)
            first = upto.get(queue, self._acknowledged.get(queue, 0))
            for offset, value in enumerate(self._logs.get(queue, [])[first : first + count], first):
                values.append(stage.decode(topic, value.to_json()) if self._wire else value)
                positions.append(Position(topic, 0, offset))
                upto[queue] = offset + 1
        if not values:
            return 0
        inputs = [
            Input(position, value) for position, value in zip(positions, stage.prepare(values), strict=True)
        ]
        step = stage.step(key, self._states.get((name, key)), inputs, self._now())
        if step.state is not None:
            self._states[name, key] = step.state
        else:
            self._states.pop((name, key), None)
        if name == "triage":
            self.timers.told(key.encode(), None if step.state is None else read_head(step.state))
        for output in step.outputs if landing is None else landing(step.outputs):
            self._publish(output)
        if not crash:
            self._acknowledged.update(upto)
        return len(values)

    def _publish(self, output: Output) -> None:
        self.published.append(output)
        if output.value is None:
            if output.topic == TRIAGE.name:
                self.cases.pop(output.key, None)
            return
        if output.topic == TRIAGE.name and isinstance(output.value, Case):
            before = self.cases.get(output.key)
            if before is None or before.version <= output.value.version:
                self.cases[output.key] = output.value
        elif output.topic == ALERTS.name and isinstance(output.value, Alert):
            self.alerts[output.key] = output.value
        elif output.topic in self._stage_of:
            self.put(output.topic, output.key, output.value)

    def restart_timers(self) -> None:
        """Forgets what was fired; the states tell again when each party is to be looked at."""
        self.timers = PartitionTimers()
        for (name, key), state in self._states.items():
            if name == "triage":
                self.timers.told(key.encode(), read_head(state))

    def fire(self, party: str, due_ms: int) -> None:
        """A timer brings a party up."""
        self.put(TIMERS_DUE.name, party, TimerDue(party=party, due_at=from_ms(due_ms)))

    def drain(self, processed: Callable[[int], None] | None = None) -> None:
        """Processes until nothing waits, and nothing is held back.

        Args:
            processed: is told how many records each turn had, timers left out.
        """
        while self._waiting:
            ready, self._waiting = self._waiting, {}
            for name, key in ready:
                count = self.turn(name, key)
                if processed is not None:
                    processed(count)
            if not self._waiting:
                for party in self.timers.held():
                    self.fire(party.decode(), to_ms(self._now()))


class _Time:
    """What time it is to all stages."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def run(
    values: Iterable[Recorded],
    ledger: Ledger,
    triage: Triage,
    until: datetime,
    processed: Callable[[int], None] | None = None,
) -> AllStages:
    """What the stream would have published about these records, had it run until then.

    Time passes as it did: it goes on with what was heard live, never back, and timers fire when they are due. So
    cases and alerts are those of the stream; where records are not in the order in which they were heard, those
    at the end are. Records that were imported move no time.

    Args:
        until: when it stands still; what is told to be heard later is heard then.
        processed: is told how many records each step had.

    Returns:
        All stages as they stand: `cases`, `alerts`, and what was `published`.
    """
    time = _Time(until)
    stages = AllStages(ledger, triage, time)
    live: list[tuple[datetime, Recorded]] = []
    for value in values:
        heard = heard_at(value)
        if heard is None:
            stages.put(topic_of(value), key_of(value), value)
        else:
            live.append((min(heard, until), value))
    time.now = min((heard for heard, _ in live), default=until)
    begun = time.now
    for heard, value in live:
        if heard >= begun + TOGETHER:
            stages.drain(processed)
            _pass_time(stages, time, heard)
            begun = time.now
        time.now = max(time.now, heard)
        stages.put(topic_of(value), key_of(value), value)
    stages.drain(processed)
    _pass_time(stages, time, until)
    return stages


def _pass_time(stages: AllStages, time: _Time, until: datetime) -> None:
    """Fires what is due, each at its time."""
    last_ms = to_ms(until)
    while (due_ms := stages.timers.next_ms()) is not None and due_ms <= last_ms:
        time.now = max(time.now, from_ms(due_ms))
        for party, wake_ms in stages.timers.due(due_ms):
            stages.fire(party.decode(), wake_ms)
        stages.drain()
    time.now = max(time.now, until)


def heard_at(value: Recorded) -> datetime | None:
    """When a record was heard, as far as it tells; None for what was imported."""
    if isinstance(value, CaseCommand):
        return value.at
    if isinstance(value, IdentityLink):
        return max((decision.at for decision in value.decisions), default=None)
    assert isinstance(value, Mention | MentionDeleted | Response)  # noqa: S101
    return None if value.historical else value.received_at
