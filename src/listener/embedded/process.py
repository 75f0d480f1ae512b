"""Server processes that live and die with the process that started them.

A `ChildProcess` runs in a session of its own, so that Ctrl-C in a terminal reaches only its supervisor,
which then stops its children in the order that is right. If the supervisor is killed, even with SIGKILL,
the kernel kills the child (Linux; elsewhere a leftover is found by its pid file at the next start).

    with DirectoryLock(data_dir):                  # one supervisor per directory
        stop_leftover(pid_file, "Kafka")           # of an earlier run, where the kernel did not do it
        child = ChildProcess("Kafka", argv, log_path=..., pid_file=...)
        child.start()
        child.wait_until(answers, timeout_seconds=60, what="to answer on 127.0.0.1:9092")
        ...
        child.stop(timeout_seconds=30)
"""

import errno
import fcntl
import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from listener.domain.errors import DiskFull, NotReady, ServiceError, UsageError

log = logging.getLogger(__name__)

LOG_LIMIT_BYTES = 16 * 1024 * 1024
_POLL_SECONDS = 0.05
_KILL_SECONDS = 30.0

# Runs in the child before its program: PR_SET_PDEATHSIG outlives exec, and a preexec_fn would not be safe
# in a process with threads. The parent may have died before the call: then nobody would send the signal.
_TIE_TO_PARENT = """
import ctypes, os, signal, sys
parent, *argv = sys.argv[1:]
PR_SET_PDEATHSIG = 1
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
    sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
if os.getppid() != int(parent):
    sys.exit("the parent has ended")
try:
    os.execvp(argv[0], argv)
except OSError as failure:
    sys.exit(f"{argv[0]}: {failure.strerror}")
"""


class ChildProcess:
    """One server process: started, watched, stopped.

    It may be started again after it has ended. Methods may be called from any thread.

    Args:
        name: what a person calls it, for messages.
        argv: the program and its arguments.
        log_path: where its standard output and error are appended; its directory is made. At a start a
            file over `LOG_LIMIT_BYTES` is first renamed to `<name>.1`, replacing the one before.
        env: its whole environment; that of this process by default.
        cwd: its working directory; that of this process by default.
        pid_file: where pid and start time are noted while it runs, for `stop_leftover`.
        dies_with_parent: whether the kernel kills it when this process ends (Linux only).
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        pid_file: Path | None = None,
        dies_with_parent: bool = True,
    ) -> None:
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log_path = log_path
        self.env = dict(env) if env is not None else None
        self.cwd = cwd
        self.pid_file = pid_file
        self.dies_with_parent = dies_with_parent
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start_bytes = 0
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process id of the latest start; None before the first."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self.returncode is None

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for the signal that ended it; None while it runs or before its start."""
        with self._lock:
            process = self._process
            if process is None or process.returncode is not None:
                return process.returncode if process else None
            if process.poll() is not None:
                # What it left behind in its group. The pid was a zombie's until a moment ago, so that
                # it cannot mean another group yet.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                if self.pid_file:
                    with suppress(OSError):  # harmless: it names a process that has ended
                        self.pid_file.unlink(missing_ok=True)
            return process.returncode

    def start(self) -> None:
        """Starts it and returns at once; `wait_until` waits for it to be ready.

        Raises:
            ServiceError: it runs already, or the program or a directory is missing.
            DiskFull: its log cannot be written.
        """
        if self.alive:
            raise ServiceError(f"{self.name} runs already (process {self.pid}).")
        argv = self.argv
        if shutil.which(argv[0], path=(self.env or os.environ).get("PATH")) is None:
            raise ServiceError(f"{self.name} could not be started: there is no program {argv[0]}.")
        if self.dies_with_parent and sys.platform == "linux":
            argv = [sys.executable, "-I", "-S", "-c", _TIE_TO_PARENT, str(os.getpid()), *argv]
        try:
            self.log_path.parent.mkdir(parents=True, exist_ok=True)
            _rotate(self.log_path)
            with self.log_path.open("ab") as output:
                self._log_start_bytes = output.tell()
                process = _spawner.run(
                    lambda: subprocess.Popen(  # noqa: S603 the caller's own program, without a shell
                        argv,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        env=self.env,
                        cwd=self.cwd,
                        start_new_session=True,
                    )
                )
            self._process = process
            if self.pid_file:
                ProcessIdentity.of(process.pid).save(self.pid_file)
        except OSError as failure:
            self.kill()
            raise service_error(f"{self.name} could not be started", failure) from failure

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """Asks it to end (SIGTERM), kills it when it has not after the timeout; returns when it has ended."""
        self._signal(signal.SIGTERM)
        if not self._ended_within(timeout_seconds):
            log.warning("%s did not stop within %g s and is killed", self.name, timeout_seconds)
            self.kill()

    def kill(self) -> None:
        """Ends it at once (SIGKILL, with the processes it started) and waits for that.

        Raises:
            ServiceError: the kernel does not end it (it hangs in a system call, as on a broken disk).
        """
        self._signal(signal.SIGKILL)
        if not self._ended_within(_KILL_SECONDS):
            raise ServiceError(f"{self.name} (process {self.pid}) does not end although it was killed.")

    def wait_until(self, check: Callable[[], bool], timeout_seconds: float, what: str) -> None:
        """Polls until a check is true.

        Args:
            check: whether the server is ready; an OSError or NotReady that it raises means "not yet".
            timeout_seconds: how long to wait.
            what: what is waited for, to follow "waited for it", such as "to answer on 127.0.0.1:9092".

        Raises:
            NotReady: the process ended, or time ran out; with the end of its log.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            if not self.alive:
                ended = (
                    "has not been started" if self.pid is None else f"ended ({_in_words(self.returncode)})"
                )
                raise NotReady(self._with_log(f"{self.name} {ended}: waited for it {what}"))
            with suppress(OSError, NotReady):
                if check():
                    return
            if time.monotonic() > deadline:
                late = f"{self.name} is not ready after {timeout_seconds:g} s"
                raise NotReady(self._with_log(f"{late}: waited for it {what}"))
            time.sleep(_POLL_SECONDS)

    def wait(self, timeout_seconds: float) -> int | None:
        """Waits for it to end by itself; its exit code, None if it did not."""
        self._ended_within(timeout_seconds)
        return self.returncode

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that it wrote to its log since its latest start; empty if there are none."""
        return tail(self.log_path, lines, from_byte=self._log_start_bytes)

    def _with_log(self, sentence: str) -> str:
        ending = self.log_tail()
        return f"{sentence}. The end of its log, {self.log_path}:\n{ending}" if ending else f"{sentence}."

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:  # so that nobody reaps it meanwhile, which would free its pid for others
            if self._process is not None and self._process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, number)

    def _ended_within(self, timeout_seconds: float) -> bool:
        return _within(timeout_seconds, lambda: not self.alive)


class _Spawner:
    """Starts processes from one thread that lasts as long as this process.

    The kernel sends the signal of PR_SET_PDEATHSIG when the *thread* that started a child ends (prctl(2)):
    a child started from a short-lived thread would die with that.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._owner: int | None = None
        self._lock = threading.Lock()

    def run(self, spawn: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._owner != os.getpid():  # threads do not survive a fork
                self._jobs = queue.SimpleQueue()
                threading.Thread(target=self._work, name="spawner", daemon=True).start()
                self._owner = os.getpid()
        started: Future[subprocess.Popen[bytes]] = Future()

        def job() -> None:
            try:
                started.set_result(spawn())
            except Exception as failure:  # noqa: BLE001 raised in the thread that asked
                started.set_exception(failure)

        self._jobs.put(job)
        return started.result()

    def _work(self) -> None:
        jobs = self._jobs
        while True:
            jobs.get()()


_spawner = _Spawner()


@dataclass(frozen=True)
class ProcessIdentity:
    """A process, told apart from a later one that got the same pid by when it was started."""

    pid: int
    started: str
    """Boot and clock ticks since boot (proc(5), field 22 of stat), or what `ps` says; empty if unknown."""

    @classmethod
    def of(cls, pid: int) -> Self:
        """The identity of the process that has this pid now."""
        return cls(pid, _start_time(pid))

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """What a pid file says; None if there is none, it is not whole, or it was copied from elsewhere."""
        try:
            content = json.loads(path.read_text())
            if content["file"] != str(path.resolve()):
                return None  # a backup of a running installation must not stop what it was copied from
            return cls(int(content["pid"]), str(content["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Writes the pid file, whole or not at all."""
        partial = path.with_name(path.name + ".new")
        content = {"pid": self.pid, "started": self.started, "file": str(path.resolve())}
        partial.write_text(json.dumps(content) + "\n")
        partial.replace(path)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return bool(self.started) and _start_time(self.pid) == self.started


def stop_leftover(pid_file: Path, name: str, timeout_seconds: float = 10.0) -> bool:
    """Stops the server that an earlier run left behind, if it is certain that it is that one.

    Call it with the directory's lock held: then whoever started the server is gone. A process that merely
    has the same pid is never touched.

    Returns:
        Whether there was one.

    Raises:
        ServiceError: it does not end.
    """
    leftover = ProcessIdentity.load(pid_file)
    if leftover is None or not leftover.alive:
        pid_file.unlink(missing_ok=True)
        return False
    log.warning("%s of an earlier run (process %d) still runs and is stopped", name, leftover.pid)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leftover.pid, number)  # it leads a group of its own, see `ChildProcess.start`
        if _within(timeout_seconds, lambda: not leftover.alive):
            pid_file.unlink(missing_ok=True)
            return True
    raise ServiceError(f"{name} of an earlier run (process {leftover.pid}) does not stop. End it yourself.")


class DirectoryLock:
    """Keeps a second supervisor out of a data directory; the kernel frees it however the holder ends.

    Args:
        directory: made if it is missing; the lock is its file `lock`, which names the holder's pid.
        what: whose data are in the directory, for the message.
        wait: wait for the holder to end rather than refuse.
    """

    def __init__(self, directory: Path, what: str = "Listener", *, wait: bool = False) -> None:
        self.directory = directory
        self.what = what
        self.wait = wait
        self._file: IO[bytes] | None = None

    def acquire(self) -> None:
        """Takes the lock; nothing happens if this object holds it already.

        Raises:
            UsageError: another process, which is named, or another object of this process has it.
            ServiceError: the directory cannot be written.
        """
        if self._file is not None:
            return
        try:
            # What customers wrote lies below it, so a new directory is for this account alone.
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Unbuffered: on a full disk what is buffered would fail at the close.
            file = (self.directory / "lock").open("a+b", buffering=0)
        except OSError as failure:
            raise service_error(
                f"{self.what} cannot use the directory {self.directory}", failure
            ) from failure
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if self.wait else fcntl.LOCK_NB))
        except OSError as refused:
            file.seek(0)
            holder = file.read().decode(errors="replace").strip() or "unknown"
            file.close()
            raise UsageError(
                f"{self.what} is already running on {self.directory.absolute()} (process {holder}). "
                "Stop that one, or choose another directory."
            ) from refused
        with suppress(OSError):  # a full disk: the lock holds without a name as well
            file.truncate(0)
            file.write(b"%d" % os.getpid())
        self._file = file

    def release(self) -> None:
        """Gives the lock back; nothing happens if it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def require_free_space(path: Path, free_bytes: int, what: str = "Listener") -> None:
    """Makes sure that there is room where a server keeps its data.

    Args:
        path: a directory; where it does not exist yet, its nearest existing parent counts.
        free_bytes: how much must be free for this user.
        what: who needs it, for the message.

    Raises:
        DiskFull: there is less.
    """
    existing = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < free_bytes:
        raise DiskFull(
            f"{what} needs {free_bytes / 2**20:.0f} MiB free at {path.absolute()}, "
            f"there are {free / 2**20:.0f} MiB. Free some space, or choose another data directory."
        )


def service_error(sentence: str, failure: OSError) -> ServiceError:
    """The error to raise for a failed system call: DiskFull when the disk is, else ServiceError."""
    where = f" ({failure.filename})" if failure.filename else ""
    text = f"{sentence}: {failure.strerror or failure}{where}."
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{text} Free some space, then start again.")
    return ServiceError(text)


def tail(path: Path, lines: int, *, from_byte: int = 0, limit_bytes: int = 64 * 1024) -> str:
    """The last lines of a text file, of at most so many bytes; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(from_byte, size - limit_bytes))
            ending = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(ending[-lines:])


def _rotate(path: Path) -> None:
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_name(path.name + ".1"))


def _within(timeout_seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _in_words(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"


def _start_time(pid: int) -> str:
    """When a process was started, as no other with the same pid can have been; empty if it has ended."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return ""
        fields = stat.rpartition(")")[2].split()  # the command's name in parentheses may hold anything
        state, threads, start_ticks = fields[0], int(fields[17]), fields[19]
        # Killed, its first thread may be a zombie while others still hold its ports and files.
        return "" if state in "ZX" and threads <= 1 else f"{boot} {start_ticks}"
    ps = subprocess.run(  # noqa: S603 a fixed program and a number
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607 found by PATH as on every Unix
        capture_output=True,
        text=True,
        check=False,
    )
    return ps.stdout.strip()
