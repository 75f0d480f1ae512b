"""A source with too many dead letters pauses, tries again, and goes on; no other source notices."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

from prometheus_client import REGISTRY

from fakes.outlet import FakeOutlet, Sent
from listener.connectors.holds import Holds, Standing
from listener.connectors.pause import Pause
from listener.connectors.progress import SourceProgress
from listener.domain.governance import Alert
from listener.domain.poison import PoisonRule
from listener.domain.topics import ALERTS

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = PoisonRule(dead_letters=10, share=0.5, window_seconds=3600, back_off_seconds=60)


@dataclass
class Time(Event):
    """A clock that waiting moves on; something may happen meanwhile."""

    seconds: float = 0.0
    then: dict[float, Alert] = field(default_factory=dict)
    holds: Holds = field(default_factory=Holds)

    def __post_init__(self) -> None:
        super().__init__()

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds += timeout or 0.0
        for at in [at for at in self.then if at <= self.seconds]:
            self.holds.heard(AlertRecord(self.then.pop(at)))
        return self.is_set()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class AlertRecord:
    """A record of the topic `alerts`."""

    topic, partition, offset, timestamp = ALERTS.name, 0, 0, 0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()

    def __init__(self, alert: Alert) -> None:
        self.value: bytes | None = alert.to_json()


class Topic(FakeOutlet):
    """`alerts`, which gives back to `holds` what is stored."""

    def __init__(self, holds: Holds) -> None:
        super().__init__()
        self._holds = holds

    @property
    def alerts(self) -> list[Alert]:
        return [Alert.read(record.value or b"") for record in self.sent]

    def store(self, records: list[Sent]) -> None:
        super().store(records)
        for record in records:
            alert = Alert.read(record.value or b"")
            assert (record.topic, record.key) == (ALERTS.name, alert.alert_id)
            self._holds.heard(AlertRecord(alert))


class World:
    """One source in a world of its own."""

    def __init__(self, source: str = "forum") -> None:
        self.time = Time()
        self.topic = Topic(self.time.holds)
        self.source = source
        self.progress = SourceProgress(source)
        self.progress.well = True
        self.pause = Pause(
            source, RULE, self.time.holds, self.topic, self.progress, self.time.now, self.time.monotonic
        )

    def waited(self) -> float:
        before = self.time.seconds
        self.pause.wait(self.time)
        return self.time.seconds - before

    def paused(self) -> float | None:
        return REGISTRY.get_sample_value("listener_source_paused", {"source": self.source})


def test_a_source_without_dead_letters_never_waits() -> None:
    world = World()
    for _ in range(5):
        world.pause.counted(100, 9)
        assert world.waited() == 0
    assert world.topic.alerts == []
    assert world.progress.well


def test_it_pauses_says_so_and_goes_on_after_a_while() -> None:
    world = World("forum-pauses")
    world.pause.counted(20, 20)
    [alert] = world.topic.alerts
    assert (alert.subject, alert.withdrawn) == ("forum-pauses", False)
    seen: list[tuple[float | None, bool]] = []
    world.time.then[30.0] = alert  # a repeat changes nothing

    class Watching(Time):
        def wait(self, timeout: float | None = None) -> bool:
            seen.append((world.paused(), world.progress.well))
            return world.time.wait(timeout)

    world.pause.wait(Watching())
    assert set(seen) == {(1.0, False)}
    assert world.time.seconds == 60
    assert [a.withdrawn for a in world.topic.alerts] == [False, True]
    assert world.topic.alerts[0].alert_id == world.topic.alerts[1].alert_id
    assert world.paused() == 0
    assert world.waited() == 0


def test_after_a_pause_the_first_batch_is_a_trial_and_pauses_grow() -> None:
    world = World()
    world.pause.counted(20, 20)
    lengths = [world.waited()]
    for _ in range(7):
        world.pause.counted(0, 0)  # nothing new is no trial
        world.pause.counted(2, 1)
        lengths.append(world.waited())
    assert lengths == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    world.pause.counted(2, 0)
    world.pause.counted(5, 5)
    assert world.waited() == 0, "it has passed the trial: the usual figures hold"


def test_a_pause_long_after_the_last_one_is_a_first_one() -> None:
    world = World()
    world.pause.counted(20, 20)
    assert world.waited() == 60
    world.pause.counted(100, 0)
    world.time.seconds += RULE.window_seconds
    world.pause.counted(20, 20)
    assert world.waited() == 60


def test_an_operator_ends_a_pause() -> None:
    world = World()
    world.pause.counted(20, 20)
    [alert] = world.topic.alerts
    world.time.then[10.0] = alert.model_copy(update={"withdrawn": True})
    assert world.waited() == 10
    world.pause.counted(1, 1)
    assert world.waited() == 120, "what was not mended is found out at the first item"


def test_an_alert_that_somebody_else_raised_pauses_it_too() -> None:
    world = World()
    alert = Alert(alert_id="x", kind="dead_letters", subject="forum", due_at=START, text="the ledger")
    world.time.holds.heard(AlertRecord(alert))
    assert world.waited() == 60
    assert world.topic.alerts == [alert.model_copy(update={"withdrawn": True})]


def test_alerts_of_other_sources_and_kinds_concern_nobody_here() -> None:
    world = World()
    of_mail = Alert(alert_id="x", kind="dead_letters", subject="mail", due_at=START, text="")
    silent = Alert(alert_id="y", kind="silent_source", subject="forum", due_at=START, text="")
    for alert in (of_mail, silent):
        world.time.holds.heard(AlertRecord(alert))
    assert world.waited() == 0
    assert world.progress.well


def test_a_stop_ends_a_pause_without_ending_the_alert() -> None:
    world = World()
    world.pause.counted(20, 20)
    world.time.set()
    assert world.waited() <= 1
    assert [a.withdrawn for a in world.topic.alerts] == [False]


def test_what_this_process_said_last_stands_until_it_comes_back() -> None:
    holds = Holds()
    raised = Alert(alert_id="x", kind="dead_letters", subject="forum", due_at=START, text="")
    withdrawn = raised.model_copy(update={"withdrawn": True})
    for said in (raised, withdrawn):
        holds.say(said)
    assert holds.of("forum") == []
    holds.heard(AlertRecord(raised))
    assert holds.of("forum") == [], "it is older than our last word"
    holds.heard(AlertRecord(withdrawn))
    holds.heard(AlertRecord(raised))
    assert holds.of("forum") == [raised], "now it is news"
    holds.replace(Standing())
    assert holds.of("forum") == []


def test_only_alerts_of_ones_own_sources_are_kept() -> None:
    standing = Standing(("forum",))
    for source in ("forum", "mail"):
        alert = Alert(alert_id=source, kind="dead_letters", subject=source, due_at=START, text="")
        standing.heard(AlertRecord(alert))
    assert list(standing.by_id) == ["forum"]
    assert standing.empty().by_id == {}
