"""Child processes: they start, stop and die as their supervisor does, and nobody else is harmed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listener.domain.errors import DiskFull, NotReady, PortTaken, ServiceError, UsageError
from listener.embedded.ports import free_port, listening_pid, require_free_port
from listener.embedded.process import (
    LOG_LIMIT_BYTES,
    ChildProcess,
    DirectoryLock,
    ProcessIdentity,
    require_free_space,
    service_error,
    stop_leftover,
    tail,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "from signal import *; signal(SIGTERM, SIG_IGN); print('up', flush=True); [pause() for _ in range(9)]",
]


def until(condition: Callable[[], bool], timeout_seconds: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    return ProcessIdentity.of(pid).started != ""


@pytest.fixture
def child_of(tmp_path: Path) -> Iterator[Callable[..., ChildProcess]]:
    children: list[ChildProcess] = []

    def make(argv: list[str], **options: object) -> ChildProcess:
        options.setdefault("log_path", tmp_path / "log" / "child.log")
        child = ChildProcess("Child", argv, pid_file=tmp_path / "child.pid", **options)  # type: ignore[arg-type]
        children.append(child)
        return child

    yield make
    for child in children:
        child.kill()


@pytest.fixture
def started(child_of: Callable[..., ChildProcess]) -> Callable[..., ChildProcess]:
    def start(argv: list[str], **options: object) -> ChildProcess:
        child = child_of(argv, **options)
        child.start()
        child.wait_until(lambda: "up" in child.log_tail(), timeout_seconds=10, what="to say so")
        return child

    return start


def test_starts_stops_and_starts_again(started: Callable[..., ChildProcess], tmp_path: Path) -> None:
    child = started(SLEEPER)
    first = child.pid
    assert child.alive
    assert child.returncode is None
    assert json.loads((tmp_path / "child.pid").read_text())["pid"] == first
    with pytest.raises(ServiceError, match="runs already"):
        child.start()
    child.stop(timeout_seconds=10)
    assert not child.alive
    assert child.returncode == -signal.SIGTERM
    assert not (tmp_path / "child.pid").exists()
    child.start()
    assert child.alive
    assert child.pid != first


def test_stop_kills_what_does_not_listen(started: Callable[..., ChildProcess]) -> None:
    child = started(STUBBORN)
    began = time.monotonic()
    child.stop(timeout_seconds=0.3)
    assert child.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 5


def test_stop_and_kill_of_what_never_ran_do_nothing(child_of: Callable[..., ChildProcess]) -> None:
    child = child_of(SLEEPER)
    child.stop()
    child.kill()
    assert not child.alive
    assert child.pid is None


def test_stop_ends_what_the_child_started(started: Callable[..., ChildProcess]) -> None:
    code = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print(p.pid, 'up', flush=True); time.sleep(600)"
    )
    child = started([sys.executable, "-c", code])
    grandchild = int(child.log_tail().split()[0])
    assert runs(grandchild)
    child.stop(timeout_seconds=5)
    until(lambda: not runs(grandchild))


def test_group_of_a_child_that_ended_by_itself_is_ended(child_of: Callable[..., ChildProcess]) -> None:
    code = (
        "import subprocess, sys;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print(p.pid)"
    )
    child = child_of([sys.executable, "-c", code])
    child.start()
    until(lambda: not child.alive)
    assert child.returncode == 0
    grandchild = int(child.log_tail())
    until(lambda: not runs(grandchild))


def test_a_missing_program_is_named(child_of: Callable[..., ChildProcess]) -> None:
    with pytest.raises(ServiceError, match="no program /nowhere/java"):
        child_of(["/nowhere/java"]).start()


def test_waiting_ends_with_the_log_when_the_child_dies(child_of: Callable[..., ChildProcess]) -> None:
    child = child_of([sys.executable, "-c", "import sys; sys.exit('out of luck')"])
    child.start()
    with pytest.raises(NotReady, match=r"(?s)ended \(exit code 1\): waited for it to answer.*out of luck"):
        child.wait_until(lambda: False, timeout_seconds=30, what="to answer")


def test_waiting_ends_with_the_log_when_time_runs_out(started: Callable[..., ChildProcess]) -> None:
    child = started(SLEEPER)

    def refused() -> bool:
        raise ConnectionRefusedError

    with pytest.raises(NotReady, match=r"(?s)not ready after 0.2 s.*up"):
        child.wait_until(refused, timeout_seconds=0.2, what="to answer")


def test_own_session_so_that_ctrl_c_goes_to_the_supervisor_only(started: Callable[..., ChildProcess]) -> None:
    child = started(SLEEPER)
    assert child.pid is not None
    assert os.getsid(child.pid) == child.pid != os.getsid(0)


@linux
def test_outlives_the_thread_that_started_it(started: Callable[..., ChildProcess]) -> None:
    children: list[ChildProcess] = []
    thread = threading.Thread(target=lambda: children.append(started(SLEEPER)))
    thread.start()
    thread.join()
    time.sleep(0.2)  # nothing announces that a process has not been killed
    assert children[0].alive


SUPERVISOR = """
import sys, time
from pathlib import Path
from listener.embedded.process import ChildProcess
here = Path(sys.argv[1])
child = ChildProcess("Child", [sys.executable, "-c", "import time; time.sleep(600)"], log_path=here / "c.log",
                     pid_file=here / "child.pid", dies_with_parent=sys.argv[2] == "tied")
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def killed_supervisor(here: Path, how: str) -> int:
    """Starts a supervisor with a child, kills it with -9, and returns the child's pid."""
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(here), how], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        assert runs(pid)
        supervisor.kill()
    return pid


@linux
def test_child_dies_with_a_killed_supervisor(tmp_path: Path) -> None:
    pid = killed_supervisor(tmp_path, "tied")
    until(lambda: not runs(pid))
    assert stop_leftover(tmp_path / "child.pid", "Child") is False
    assert not (tmp_path / "child.pid").exists()


def test_leftover_of_a_killed_supervisor_is_stopped_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pid = killed_supervisor(tmp_path, "free")
    assert runs(pid)
    assert stop_leftover(tmp_path / "child.pid", "Child") is True
    assert not runs(pid)
    assert f"Child of an earlier run (process {pid}) still runs and is stopped" in caplog.text


def test_a_stranger_with_the_same_pid_is_not_touched(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEPER, start_new_session=True, stdout=subprocess.DEVNULL) as stranger:
        try:
            identity = ProcessIdentity(stranger.pid, ProcessIdentity.of(stranger.pid).started + "0")
            identity.save(tmp_path / "child.pid")
            assert stop_leftover(tmp_path / "child.pid", "Child") is False
            assert stranger.poll() is None
        finally:
            stranger.kill()


@linux
def test_what_a_copied_directory_was_copied_from_is_not_touched(tmp_path: Path) -> None:
    copy = tmp_path / "copy.pid"
    with subprocess.Popen(SLEEPER, start_new_session=True, stdout=subprocess.DEVNULL) as original:
        try:
            ProcessIdentity.of(original.pid).save(tmp_path / "child.pid")
            copy.write_bytes((tmp_path / "child.pid").read_bytes())
            assert stop_leftover(copy, "Child") is False
            assert original.poll() is None
        finally:
            original.kill()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x", "started": ""}', '{"pid": 1}'])
def test_a_broken_pid_file_is_no_leftover(tmp_path: Path, content: str) -> None:
    (tmp_path / "child.pid").write_text(content)
    assert stop_leftover(tmp_path / "child.pid", "Child") is False


def test_a_second_supervisor_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    code = "import sys, pathlib; from listener.embedded.process import DirectoryLock;"
    code += "lock = DirectoryLock(pathlib.Path(sys.argv[1])); lock.acquire();"
    code += "print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=rf"already running on .*process {holder.pid}\)"):
            DirectoryLock(tmp_path).acquire()
        holder.kill()
    with DirectoryLock(tmp_path), pytest.raises(UsageError, match=str(os.getpid())):
        DirectoryLock(tmp_path).acquire()
    with DirectoryLock(tmp_path):
        pass


def test_a_started_child_does_not_keep_the_lock(started: Callable[..., ChildProcess], tmp_path: Path) -> None:
    with DirectoryLock(tmp_path / "data"):
        started(SLEEPER)
    with DirectoryLock(tmp_path / "data"):
        pass


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError, match="file/data"):
        DirectoryLock(tmp_path / "file" / "data").acquire()


def test_log_is_appended_and_rotated_at_a_start(started: Callable[..., ChildProcess], tmp_path: Path) -> None:
    path = tmp_path / "log" / "child.log"
    path.parent.mkdir()
    path.write_text("before\n")
    child = started(SLEEPER)
    child.kill()
    assert path.read_text() == "before\nup\n"
    with path.open("ab") as file:
        file.truncate(LOG_LIMIT_BYTES + 1)
    child.start()
    child.wait_until(lambda: path.read_text() == "up\n", timeout_seconds=10, what="to say so")
    assert (tmp_path / "log" / "child.log.1").stat().st_size == LOG_LIMIT_BYTES + 1


def test_tail_of_long_broken_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 200_000 + b"\nfirst\n\xff second\nthird")
    assert tail(path, 2) == "\ufffd second\nthird"
    assert tail(tmp_path / "none", 2) == ""


def test_a_taken_port_is_named_with_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Kafka cannot listen on 127.0.0.1:{port}: ") as raised:
            require_free_port(port, "Kafka")
        if sys.platform == "linux":
            assert listening_pid(port) == os.getpid()
            assert f"process {os.getpid()}" in str(raised.value)
    require_free_port(port, "Kafka")


def test_a_free_port_is_free() -> None:
    port = free_port()
    require_free_port(port, "Kafka")
    assert listening_pid(port) is None


def test_space_is_judged_at_the_nearest_existing_parent(tmp_path: Path) -> None:
    require_free_space(tmp_path / "not" / "yet", 1)
    with pytest.raises(DiskFull, match=r"Kafka needs \d+ MiB free at .*not/yet, there are \d+ MiB"):
        require_free_space(tmp_path / "not" / "yet", 1 << 60, "Kafka")


def test_a_full_disk_is_told_from_other_failures() -> None:
    assert isinstance(service_error("x", OSError(28, "No space left on device", "/data")), DiskFull)
    assert not isinstance(service_error("x", OSError(13, "Permission denied")), DiskFull)


def test_a_new_data_directory_is_closed_to_other_accounts(tmp_path: Path) -> None:
    with DirectoryLock(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0
