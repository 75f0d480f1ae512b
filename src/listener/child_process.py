"""Processes that one of ours starts to have a second processor at work; each knows its parent by a pipe alone.

A child ends when its parent has ended, however that ended, since the pipe ends with it.
"""

import atexit
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnProcess
from typing import Any, Protocol

END_SECONDS = 5.0
_STOPS = (signal.SIGINT, signal.SIGTERM)


class Closable(Protocol):
    """One end of a pipe."""

    def close(self) -> None:
        """Closes it."""
        ...


def start_child(name: str, own_end: Closable, target: Callable[..., None], *args: Any) -> SpawnProcess:
    """Starts a process that calls `target`, which is to begin with `leave_stops_to_parent`.

    Args:
        own_end: of the pipe, the parent's; is closed when the parent exits, at the latest.
        args: go to the child pickled.
    """
    # Python waits for its children when it exits, and before that calls whatever was registered last
    atexit.register(own_end.close)
    context = multiprocessing.get_context("spawn")  # a fork would have locks of threads that it has not
    process = context.Process(target=target, args=args, name=name, daemon=True)
    with _stops_held():
        process.start()
    return process


def leave_stops_to_parent() -> None:
    """Whoever stops the parent may tell both; the parent finishes what is in hand, and then closes the pipe."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)


def end_child(process: SpawnProcess) -> None:
    """Waits until a child has ended whose pipe was closed; kills one that does not end."""
    process.join(END_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()


@contextmanager
def _stops_held() -> Iterator[None]:
    """A child that is started within inherits that these signals wait, until it says what becomes of them."""
    resource_tracker.ensure_running()  # else it is started with the child, and lets them come
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
