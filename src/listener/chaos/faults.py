"""Does to an installation what a schedule says: begins each fault in time, and ends it."""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from listener.chaos.crew import Crew
from listener.chaos.disk import SmallDisk
from listener.chaos.installation import Installation
from listener.chaos.pausing_worker import What, request_path
from listener.chaos.platforms import Platforms
from listener.chaos.proxy import Toxiproxy
from listener.chaos.schedule import Fault, Kind
from listener.embedded.process import ChildProcess

Victim = tuple[str, ...]
"""Words in the command line of a process."""
WORKER, SINK, CONNECTOR = ("--worker {target} ",), (" sink clickhouse",), (" connect ",)
BROKER, CLICKHOUSE = ("kafka.Kafka",), ("listener.embedded.clickhouse",)
SIGNALS: Mapping[Kind, tuple[signal.Signals, Victim]] = {
    "kill-worker": (signal.SIGKILL, WORKER),
    "kill-sink": (signal.SIGKILL, SINK),
    "kill-connector": (signal.SIGKILL, CONNECTOR),
    "kill-broker": (signal.SIGKILL, BROKER),
    "kill-clickhouse": (signal.SIGKILL, CLICKHOUSE),
    "restart-broker": (signal.SIGTERM, BROKER),  # who looks after it starts it again
    "stop-clickhouse": (signal.SIGKILL, CLICKHOUSE),
    "pause-worker": (signal.SIGSTOP, WORKER),
    "pause-sink": (signal.SIGSTOP, SINK),
    "pause-connector": (signal.SIGSTOP, CONNECTOR),
}
"""Kinds of faults that begin with a signal."""
PAUSED: Mapping[Kind, Victim] = {
    "pause-worker": WORKER,
    "pause-between": WORKER,
    "pause-sink": SINK,
    "pause-connector": CONNECTOR,
}
TIMES: tuple[What, What] = ("states", "outputs")
"""A worker is paused before the one, the next time before the other."""
BEGIN_SECONDS = 90.0
"""A victim that is just being started again, or has nothing to do, is waited for so long."""


@dataclass(frozen=True)
class Struck:
    """A fault that was really done, and when, in seconds since 1970; `ended_at` is None while it lasts."""

    fault: Fault
    began_at: float
    ended_at: float | None = None


@dataclass(frozen=True)
class Scene:
    """What there is to do something to.

    Attributes:
        publisher: the process that publishes, which is a victim as well.
        proxy: between the installation and its servers; None where no fault needs it.
        disks: file systems of the servers' data, by the server's name.
        platforms: what the connectors read.
    """

    installation: Installation
    crew: Crew
    publisher: ChildProcess
    proxy: Toxiproxy | None
    disks: Mapping[str, SmallDisk]
    platforms: Platforms


class Faults:
    """The faults of one campaign.

    Args:
        scene: the victims.
        tell: is told what is done.
    """

    def __init__(self, scene: Scene, tell: Callable[[str], None]) -> None:
        self._scene = scene
        self._tell = tell
        self._in_force: set[Kind] = set()
        self._pauses_between = 0

    def begin(self, fault: Fault) -> bool:
        """Does it; False where there was nobody to do it to at this moment."""
        done = fault.kind not in self._in_force and self._begin(fault)
        if done:
            if fault.lasts_seconds:
                self._in_force.add(fault.kind)
            lasts = f" for {fault.lasts_seconds:.0f} s" if fault.lasts_seconds else ""
            self._tell(f"{fault.at_seconds:7.1f} s  {fault.kind}{lasts}")
        return done

    def _begin(self, fault: Fault) -> bool:
        scene = self._scene
        match fault.kind:
            case "kill-publisher":
                alive = scene.publisher.alive
                scene.publisher.kill()
                return alive
            case "kill-enriching":
                return scene.installation.kill_enriching(*_words(WORKER, fault)) > 0
            case "add-worker":
                return scene.crew.add()
            case "remove-worker":
                return scene.crew.send_away(fault.target)
            case "pause-between":
                return self._pause_between(fault)
            case "cut-kafka" | "cut-clickhouse" | "slow-kafka" | "slow-clickhouse":
                return self._on_the_line(fault.kind, begin=True)
            case "cut-platforms":
                scene.platforms.cut()
                return True
            case "fill-kafka-disk" | "fill-clickhouse-disk":
                scene.disks[_server(fault.kind)].fill()
                return True
            case _:
                number, victim = SIGNALS[fault.kind]
                return self._send(number, victim, fault)

    def _pause_between(self, fault: Fault) -> bool:
        request = request_path(self._scene.installation.data_dir, fault.target)
        if self._scene.installation.stopped(*_words(WORKER, fault)) and not request.exists():
            self._pauses_between += 1
            return True
        if not request.exists():
            request.write_text(TIMES[self._pauses_between % len(TIMES)])
        return False

    def _on_the_line(self, kind: Kind, *, begin: bool) -> bool:
        proxy = self._scene.proxy
        if proxy is None:
            return False
        if kind.startswith("cut"):
            (proxy.cut if begin else proxy.mend)(_server(kind))
        else:
            (proxy.slow if begin else proxy.quicken)(_server(kind))
        return True

    def go_on(self, fault: Fault) -> None:
        """To be called while it lasts: who is to be away is not let back."""
        if fault.kind == "stop-clickhouse":
            self._send(signal.SIGKILL, CLICKHOUSE, fault)

    def end(self, fault: Fault) -> None:
        """Ends what lasts."""
        self._in_force.discard(fault.kind)
        scene = self._scene
        match fault.kind:
            case "pause-worker" | "pause-between" | "pause-sink" | "pause-connector":
                self._send(signal.SIGCONT, PAUSED[fault.kind], fault)
            case "add-worker":
                scene.crew.remove_extra()
            case "remove-worker":
                scene.crew.call_back(fault.target)
            case "cut-kafka" | "cut-clickhouse" | "slow-kafka" | "slow-clickhouse":
                self._on_the_line(fault.kind, begin=False)
            case "cut-platforms":
                scene.platforms.mend()
            case "fill-kafka-disk" | "fill-clickhouse-disk":
                scene.disks[_server(fault.kind)].empty()
            case _:
                pass

    def give_up(self, fault: Fault) -> None:
        """It could not begin in time, and must not begin later."""
        if fault.kind == "pause-between":
            request_path(self._scene.installation.data_dir, fault.target).unlink(missing_ok=True)
            self._send(signal.SIGCONT, WORKER, fault)  # for the case that it stopped at this moment

    def _send(self, number: signal.Signals, victim: Victim, fault: Fault) -> bool:
        return self._scene.installation.signal(number, *_words(victim, fault)) > 0


def _words(victim: Victim, fault: Fault) -> list[str]:
    return [word.format(target=fault.target) for word in victim]


def _server(kind: Kind) -> str:
    """Which server a kind of fault is about, as proxies and disks are named."""
    return next(server for server in ("kafka", "clickhouse") if server in kind)


def strike_all(
    faults: Faults,
    scheduled: tuple[Fault, ...],
    began_at: float,
    *,
    on_change: Callable[[Struck], None],
    meanwhile: Callable[[], None],
) -> list[Struck]:
    """Carries out a schedule; returns when the last fault is over.

    Args:
        began_at: when publishing began, in seconds since 1970.
        on_change: is told when a fault is over.
        meanwhile: called again and again.
    """
    waiting = sorted(scheduled, key=lambda fault: fault.at_seconds)
    lasting: list[Struck] = []
    over: list[Struck] = []
    try:
        while waiting or lasting:
            now = time.time()
            for fault in [fault for fault in waiting if began_at + fault.at_seconds <= now]:
                if faults.begin(fault):
                    waiting.remove(fault)
                    lasting.append(Struck(fault, now))
                elif now > began_at + fault.at_seconds + BEGIN_SECONDS:
                    faults.give_up(fault)
                    waiting.remove(fault)  # nobody there to strike: told by its absence in the table
            for struck in list(lasting):
                if now >= struck.began_at + struck.fault.lasts_seconds:
                    faults.end(struck.fault)
                    lasting.remove(struck)
                    over.append(Struck(struck.fault, struck.began_at, now))
                    on_change(over[-1])
                else:
                    faults.go_on(struck.fault)
            meanwhile()
            time.sleep(0.1)
    finally:
        for struck in lasting:
            faults.end(struck.fault)
    return over
