"""A fault campaign: the same records twice, without faults and with them; then every record is accounted for."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listener.chaos import pausing_worker
from listener.chaos.accounting import Account, Finding, Logged, Stored, account
from listener.chaos.connectors import ConnectorArgv, Connectors, product_connectors
from listener.chaos.crew import Crew, WorkerArgv, product_worker
from listener.chaos.disk import SmallDisk
from listener.chaos.faults import Faults, Scene, Struck, strike_all
from listener.chaos.inputs import INPUT_TOPICS, Inputs, make_inputs, save_inputs
from listener.chaos.installation import Installation
from listener.chaos.means import Means, find_means
from listener.chaos.platforms import Platforms
from listener.chaos.proxy import Toxiproxy
from listener.chaos.publishing import Notes, read_notes
from listener.chaos.recovery import RecoveryWatch
from listener.chaos.schedule import (
    FILLING,
    PROXIED,
    SESSION_TIMEOUT_SECONDS,
    WORKERS,
    Fault,
    Kind,
    Schedule,
)
from listener.chaos.settling import settle
from listener.chaos.shown import brought_too_often, not_brought
from listener.chaos.state import (
    QUERIES,
    SNAPSHOTS,
    State,
    clock_states,
    differences,
    report_state,
    snapshot_state,
    table_state,
)
from listener.domain.contract import format_utc
from listener.domain.dead_letter import DeadLetter
from listener.domain.enriched import EnrichedMention, read_enriched
from listener.domain.errors import NotReady, UsageError
from listener.domain.topics import DEAD, ENRICHED
from listener.embedded.ports import free_port
from listener.embedded.process import ChildProcess
from listener.kafka.publish import Publisher
from listener.reports.answer import Window
from listener.reports.reports import REPORTS, report

UNDISTURBED_SECONDS = 5.0
"""How long publishing takes where nothing disturbs."""
IDLE_SECONDS = 300.0
RECOVERY_SECONDS = 120.0
DISK_BYTES = 8 << 30
"""Of a file system that is to be filled; it takes no more memory than what is written."""
CONFIG = f"""\
time: topic
stream:
  session_timeout_seconds: {SESSION_TIMEOUT_SECONDS}
retention:
  tables: {{dead_letters: 3660}}
"""
"""The time of what is published may be long ago: ClickHouse must not find its dead letters too old to be kept."""
SERVERS = {"kafka": "--kafka-port", "clickhouse": "--clickhouse-port"}


@dataclass(frozen=True)
class Line:
    """What the table says of one kind of fault."""

    fault: str
    times: int
    lost: int
    doubled: int
    recovery_seconds: float | None
    """The longest; None where one did not recover."""


@dataclass(frozen=True)
class Outcome:
    """The result of a campaign."""

    schedule: Schedule
    account: Account
    differences: Sequence[str]
    lines: Sequence[Line]
    not_done: Sequence[Fault]

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled, no difference, and every fault was done."""
        return not (self.account.lost or self.account.doubled or self.differences or self.not_done)


@dataclass(frozen=True)
class Result:
    """What one installation had made of the inputs in the end."""

    account: Account
    state: State
    struck: Sequence[Struck]
    recovery: dict[int, float]


def run_campaign(
    schedule: Schedule,
    directory: Path,
    *,
    tell: Callable[[str], None],
    means: Means | None = None,
    worker_argv: WorkerArgv | None = None,
    connector_argv: ConnectorArgv = product_connectors,
    undisturbed: Result | None = None,
) -> Outcome:
    """Runs a campaign; takes about the schedule's minutes and as long again.

    Args:
        directory: for everything that the two installations write; must be empty.
        tell: is told in words how it goes.
        means: what this machine lets it do; looked up where None.
        worker_argv: starts workers other than the product's own, to see whether the campaign would notice,
        connector_argv: and connectors.
        undisturbed: the run without faults, if there was one of these inputs.

    Raises:
        UsageError: a fault cannot be done on this machine.
        ServiceError: an installation did not start, or never became idle; with what it said.
    """
    means = means or find_means()
    if lacking := means.lacking({fault.kind for fault in schedule.faults}):
        raise UsageError("\n".join(f"{kind}: {why}" for kind, why in lacking.items()))
    inputs = make_inputs(schedule.seed, schedule.mentions)
    tell(
        f"{len(inputs.records)} records, {len(inputs.posts)} posts for connectors, "
        f"{len(inputs.first) - 1} customers, seed {schedule.seed}"
    )
    undisturbed = undisturbed or run_undisturbed(schedule, inputs, directory / "undisturbed", tell=tell)
    tell(f"with {len(schedule.faults)} faults in {schedule.minutes:g} min ...")
    pauses = any(fault.kind == "pause-between" for fault in schedule.faults)
    argv = worker_argv or (pausing_worker.argv if pauses else product_worker)
    disturbed = _run(schedule, inputs, directory / "disturbed", means, argv, connector_argv, tell)
    done = Counter(struck.fault for struck in disturbed.struck)
    total = disturbed.account
    total.lost = [Finding(f"without faults: {f.text}") for f in undisturbed.account.lost] + total.lost
    total.doubled = [
        Finding(f"without faults: {f.text}") for f in undisturbed.account.doubled
    ] + total.doubled
    return Outcome(
        schedule=schedule,
        account=total,
        differences=differences(undisturbed.state, disturbed.state),
        lines=_lines(disturbed),
        not_done=[fault for fault in schedule.faults if fault not in done],
    )


def run_undisturbed(
    schedule: Schedule, inputs: Inputs, directory: Path, *, tell: Callable[[str], None]
) -> Result:
    """The same inputs without faults.

    Raises:
        ServiceError: as `run_campaign`.
    """
    tell("without faults ...")
    quiet = schedule.model_copy(update={"faults": (), "minutes": UNDISTURBED_SECONDS / 60})
    means = Means(None, mounts=False)
    return _run(quiet, inputs, directory, means, product_worker, product_connectors, tell)


def _run(
    schedule: Schedule,
    inputs: Inputs,
    directory: Path,
    means: Means,
    worker_argv: WorkerArgv,
    connector_argv: ConnectorArgv,
    tell: Callable[[str], None],
) -> Result:
    directory.mkdir(parents=True)
    config = directory / "listener.yaml"
    config.write_text(CONFIG)
    data_dir = directory / "data"
    data_dir.mkdir(mode=0o700)
    kinds = {fault.kind for fault in schedule.faults}
    with ExitStack() as stack:
        disks = (
            {server: SmallDisk(data_dir / server, DISK_BYTES) for server in SERVERS}
            if kinds & FILLING
            else {}
        )
        for disk in disks.values():
            disk.mount()
            stack.callback(disk.unmount)
        advertised: dict[str, int] = {}
        if kinds & PROXIED:
            advertised = {server: free_port() for server in SERVERS}
        installation = Installation(
            data_dir,
            *("--no-simulate", "--workers", "0"),
            *(word for name, port in advertised.items() for word in (f"--{name}-advertised-port", str(port))),
            environment={"LISTENER_CONFIG": str(config)},
        )
        proxy = None
        if advertised and means.toxiproxy is not None:
            proxy = Toxiproxy(means.toxiproxy, directory / "toxiproxy.log")
            stack.callback(proxy.stop)
            proxy.start()
            for server, port in advertised.items():
                proxy.add(server, port, installation.ports[SERVERS[server]])
        stack.callback(installation.end)
        installation.start()
        _publish_first(installation, inputs)
        platforms = Platforms(inputs.posts)
        platforms.start()
        stack.callback(platforms.stop)
        connectors = Connectors(installation, config, platforms, connector_argv)
        crew = Crew(installation, worker_argv, WORKERS, connectors, tell)
        stack.callback(crew.stop)
        crew.start()
        notes = directory / "acknowledged"
        save_inputs(directory / "inputs", inputs.records)
        began_at, seconds = time.time(), schedule.minutes * 60
        platforms.begin(began_at, seconds)
        words = [installation.kafka.bootstrap_servers, directory / "inputs", notes, began_at, seconds]
        publisher = ChildProcess(
            "publisher",
            [sys.executable, "-m", "listener.chaos.publishing", *map(str, words)],
            log_path=directory / "publisher.log",
        )
        scene = Scene(installation, crew, publisher, proxy, disks, platforms)
        struck, recovery = _publish_under_fire(schedule, scene, began_at, tell)
        waits_from = time.monotonic()
        connectors.wait_until_all_is_read(installation, platforms, IDLE_SECONDS)
        installation.wait_idle(IDLE_SECONDS)
        tell(f"idle {time.monotonic() - waits_from:.0f} s after the last fault and the last record")
        settle(installation, crew, inputs, IDLE_SECONDS)
        state = read_state(installation)
        tell(f"at {format_utc(inputs.ends_at)}: {clock_states(state)}")
        noted = read_notes(notes)
        log = list(read_log(installation))
        places = {place for place in noted.acknowledged.values() if place[0] in INPUT_TOPICS}
        result = account(places, log, read_stored(installation), _refused(noted, inputs))
        letters = read_connectors_letters(installation)
        shown = [post for posts in platforms.shown().values() for post in posts]
        result.lost.extend(not_brought(shown, log, letters, began_at=began_at, seconds=seconds))
        result.doubled.extend(brought_too_often(log, letters, connectors.starts))
        return Result(result, state, struck, recovery)


def _publish_first(installation: Installation, inputs: Inputs) -> None:
    with Publisher(installation.kafka, client_id="listener-chaos-first") as out:
        for record in inputs.first:
            out.publish(record.topic, record.key, record.value)
        out.flush()


def _refused(notes: Notes, inputs: Inputs) -> list[tuple[str, int]]:
    """Topic and size of what the broker did not take."""
    records = (inputs.records[number] for number in sorted(notes.refused))
    return [(record.topic, len(record.key or b"") + len(record.value or b"")) for record in records]


def _publish_under_fire(
    schedule: Schedule, scene: Scene, began_at: float, tell: Callable[[str], None]
) -> tuple[list[Struck], dict[int, float]]:
    publisher = scene.publisher
    watch = RecoveryWatch(scene.installation.kafka)
    overs: list[Struck] = []

    def over(struck: Struck) -> None:
        watch.begin(len(overs), struck.began_at)
        overs.append(struck)

    def keep_publishing() -> None:
        if not publisher.alive and publisher.returncode != 0:
            publisher.start()

    try:
        publisher.start()
        strike_all(Faults(scene, tell), schedule.faults, began_at, on_change=over, meanwhile=keep_publishing)
        deadline = began_at + schedule.minutes * 60 + IDLE_SECONDS
        while publisher.returncode != 0:
            keep_publishing()
            if time.time() > deadline:
                raise NotReady(f"the publisher does not come to an end:\n{publisher.log_tail()}")
            time.sleep(0.1)
        return overs, watch.finish(RECOVERY_SECONDS)
    finally:
        publisher.kill()


def read_log(installation: Installation) -> Iterator[Logged]:
    """Everything that stands on the input topics."""
    for topic in INPUT_TOPICS:
        for record in installation.records(topic):
            yield Logged((topic, record.partition, record.offset), record.timestamp, record.value)


def read_stored(installation: Installation) -> Stored:
    """What ClickHouse holds of them."""
    revisions: dict[str, list[int]] = {}
    for name, revision in installation.select("SELECT mention_id, revision FROM listener.current_mentions"):
        revisions.setdefault(name, []).append(revision)
    letters: Counter[str] = Counter()
    for origin, topic in installation.select(
        "SELECT origin, original_topic FROM listener.current_dead_letters"
    ):
        if topic in INPUT_TOPICS:
            letters[origin] += 1
    return Stored(
        mentions=revisions,
        tombstones={
            name for (name,) in installation.select("SELECT mention_id FROM listener.mention_tombstones")
        },
        responses=dict(
            installation.select(
                "SELECT response_id, count() FROM listener.current_responses GROUP BY response_id"
            )
        ),
        letters=letters,
        unstorable=_unstorable(installation),
    )


def read_connectors_letters(installation: Installation) -> Counter[str]:
    """How many current dead letters of connectors ClickHouse holds, by where they come from."""
    sql = (
        "SELECT origin, count() FROM listener.current_dead_letters WHERE stage = 'connector' GROUP BY origin"
    )
    return Counter(dict(installation.select(sql)))


def _unstorable(installation: Installation) -> set[str]:
    """Mentions that the sink refused: their letters name a record that the ledger made of the input."""
    found = set()
    for record in installation.records(DEAD.name):
        if DeadLetter.from_headers(record.headers).topic == ENRICHED.name and record.value is not None:
            value = read_enriched(record.value)
            if isinstance(value, EnrichedMention):
                found.add(value.mention.mention_id)
    return found


def read_state(installation: Installation) -> State:
    """What the installation knows, to be compared."""
    state: dict[str, Any] = {table: table_state(installation.select(sql)) for table, sql in QUERIES.items()}
    state[SNAPSHOTS] = snapshot_state(installation.cases())
    with installation.reader() as client:
        for name in REPORTS:
            state[f"report {name}"] = report_state(report(name)(client, Window()))
    return state


def _lines(result: Result) -> list[Line]:
    """By kind of fault; a finding counts for the first fault that was over after its record came."""
    kinds: dict[Kind, list[int]] = {}
    for number, struck in enumerate(result.struck):
        kinds.setdefault(struck.fault.kind, []).append(number)
    blamed = {
        what: Counter(_blame(finding, result.struck) for finding in findings)
        for what, findings in (("lost", result.account.lost), ("doubled", result.account.doubled))
    }
    lines = []
    for kind, numbers in kinds.items():
        recovered = [result.recovery.get(number) for number in numbers]
        known = [seconds for seconds in recovered if seconds is not None]
        longest = max(known) if len(known) == len(recovered) else None
        lines.append(Line(kind, len(numbers), blamed["lost"][kind], blamed["doubled"][kind], longest))
    if blamed["lost"][""] or blamed["doubled"][""]:
        lines.append(Line("(no fault after it)", 0, blamed["lost"][""], blamed["doubled"][""], None))
    return lines


def _blame(finding: Finding, struck: Sequence[Struck]) -> str:
    if finding.timestamp_ms is None:
        return ""
    ends = [(s.ended_at or s.began_at, s.fault.kind) for s in struck]
    return next((kind for at, kind in sorted(ends) if at * 1000 >= finding.timestamp_ms), "")
