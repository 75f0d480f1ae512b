"""Supervision: order of start and stop, and that what ends is started again without anybody waiting for it."""

import time
from threading import Event, Thread

import pytest

from listener.domain.errors import ServiceError
from listener.embedded import supervisor as module
from listener.embedded.supervisor import Supervised, Supervisor


class Pretended:
    """A process in name only, which notes what is done to it."""

    def __init__(self, name: str, story: list[str], *, refuses: bool = False) -> None:
        self.name = name
        self.story = story
        self.refuses = refuses
        self.alive = False

    def start(self) -> None:
        self.story.append(f"start {self.name}")
        if self.refuses:
            raise ServiceError("no room")
        self.alive = True

    def stop(self, timeout_seconds: float = 30.0) -> None:
        self.story.append(f"stop {self.name}")
        self.alive = False

    def log_tail(self, lines: int = 20) -> str:
        return "ouch"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.02)


def supervised(process: Pretended, **options: object) -> Supervised:
    made = Supervised(process.name, process, **options)  # type: ignore[arg-type]
    made.pause_seconds = 0.01
    return made


def watching(supervisor: Supervisor, stop: Event) -> Thread:
    thread = Thread(target=supervisor.watch, args=[stop, 0.005])
    thread.start()
    return thread


def until(story: list[str], line: str, times: int) -> None:
    deadline = time.monotonic() + 10
    while story.count(line) < times:
        assert time.monotonic() < deadline, story
        time.sleep(0.005)


def test_each_starts_when_the_one_before_is_ready_and_all_stop_in_reverse() -> None:
    story: list[str] = []
    first, second = Pretended("first", story), Pretended("second", story)
    supervisor = Supervisor(story.append)
    supervisor.start([supervised(first, ready=lambda: story.append("first is ready")), supervised(second)])
    supervisor.stop()
    assert story == ["start first", "first is ready", "start second", "stop second", "stop first"]


def test_what_ends_is_started_again_and_said() -> None:
    story: list[str] = []
    process = Pretended("worker", story)
    supervisor = Supervisor(story.append)
    supervisor.start([supervised(process)])
    stop = Event()
    thread = watching(supervisor, stop)
    process.alive = False
    until(story, "start worker", 2)
    stop.set()
    thread.join(5)
    assert any("worker has ended" in line and "ouch" in line for line in story)


def test_nobody_waits_for_one_that_is_not_ready_again() -> None:
    story: list[str] = []
    slow, other = Pretended("slow", story), Pretended("other", story)
    supervisor = Supervisor(story.append)
    asked: list[None] = []

    def ready() -> None:
        asked.append(None)
        assert len(asked) == 1, "waited for when started again"

    supervisor.start([supervised(slow, ready=ready), supervised(other)])
    stop = Event()
    thread = watching(supervisor, stop)
    slow.alive = other.alive = False
    until(story, "start slow", 2)
    until(story, "start other", 2)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_one_that_cannot_start_is_tried_again_and_the_others_stopped_in_the_end() -> None:
    story: list[str] = []
    process = Pretended("broker", story)
    supervisor = Supervisor(story.append)
    supervisor.start([supervised(process)])
    process.refuses, process.alive = True, False
    stop = Event()
    thread = watching(supervisor, stop)
    until(story, "broker does not start: no room", 2)
    process.refuses = False
    until(story, "start broker", 4)
    stop.set()
    thread.join(5)
    supervisor.stop()
    assert story[-1] == "stop broker"
