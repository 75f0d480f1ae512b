"""Listens, gives each client a thread, and ends all of them in order."""

import itertools
import logging
import select
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Final

from listener.embedded.clickhouse import protocol
from listener.embedded.clickhouse.accounts import Accounts
from listener.embedded.clickhouse.connection import Conversation
from listener.embedded.clickhouse.engine import Engine, EngineError

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 128
WATCH_SECONDS = 0.1
"""How soon a cancelled statement is killed."""
_ACCEPT_SECONDS = 0.2
_TOO_MANY: Final = 202


class CancelWatch:
    """Kills statements whose clients say something, or go away, while they run.

    A client has nothing to say while it waits for a result, except that it wants no more.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running: dict[str, socket.socket] = {}
        self._killed: set[str] = set()
        self._lock = threading.Lock()
        self._some_run = threading.Event()
        threading.Thread(target=self._watch, name="cancel-watch", daemon=True).start()

    def begin(self, connection: socket.socket, tag: str) -> None:
        """A statement begins."""
        with self._lock:
            self._running[tag] = connection
        self._some_run.set()

    def end(self, tag: str) -> bool:
        """It has ended; returns whether it was killed."""
        with self._lock:  # held while killing, so that the next statement of this tag is safe
            self._running.pop(tag, None)
            killed = tag in self._killed
            self._killed.discard(tag)
            return killed

    def _watch(self) -> None:
        while True:
            self._some_run.wait()
            time.sleep(WATCH_SECONDS)
            with self._lock:
                if not self._running:
                    self._some_run.clear()
                for tag, connection in self._running.items():
                    if _has_word(connection):
                        # Again and again until it ends: it may not have begun in the engine.
                        self._killed.add(tag)
                        with suppress(EngineError):
                            self._engine.kill(tag)


def _has_word(connection: socket.socket) -> bool:
    try:
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True  # closed meanwhile


class Service:
    """Serves clients on a listening socket until it is told to stop.

    Args:
        listening: a bound, listening socket.
        engine: where statements run.
        accounts: who may come in.
        tls: how we show who we are; clients speak without TLS where None.
    """

    def __init__(
        self,
        listening: socket.socket,
        engine: Engine,
        accounts: Accounts,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listening = listening
        self._engine = engine
        self._accounts = accounts
        self._tls = tls
        self._watch = CancelWatch(engine)
        self._conversations: dict[Conversation, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Makes `serve` return soon; safe in a signal handler."""
        self._stopping.set()

    def serve(self) -> None:
        """Lets clients in until `stop`."""
        self._listening.settimeout(_ACCEPT_SECONDS)
        numbers = itertools.count(1)
        while not self._stopping.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError as failure:  # such as too many open files: those that there are go on
                log.warning("a client could not be let in: %s", failure)
                time.sleep(_ACCEPT_SECONDS)
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                try:
                    # The handshake is the conversation's: nobody waits here for one client.
                    connection = self._tls.wrap_socket(
                        connection, server_side=True, do_handshake_on_connect=False
                    )
                except OSError:  # it has gone already
                    connection.close()
                    continue
            self._begin(connection, f"connection-{next(numbers)}")
        self._listening.close()

    def _begin(self, connection: socket.socket, tag: str) -> None:
        with self._lock:
            if len(self._conversations) >= MAX_CONNECTIONS:
                with suppress(OSError), connection:
                    connection.sendall(
                        protocol.exception(_TOO_MANY, f"Too many connections: {MAX_CONNECTIONS} at most.")
                    )
                return
            conversation = Conversation(connection, tag, self._engine, self._accounts, self._watch)
            thread = threading.Thread(target=self._converse, args=(conversation,), name=tag, daemon=True)
            self._conversations[conversation] = thread
        thread.start()

    def _converse(self, conversation: Conversation) -> None:
        try:
            conversation.run()
        except Exception:
            log.exception("%s ended by an error of this server", conversation.tag)
        finally:
            with self._lock:
                self._conversations.pop(conversation, None)

    def drain(self, timeout_seconds: float) -> bool:
        """Ends all conversations: idle ones at once, the others after their statements.

        What still runs after the timeout is killed. Returns whether all have ended.
        """
        with self._lock:
            remaining = dict(self._conversations)
        for conversation in remaining:
            conversation.finish()
        self._join(remaining, timeout_seconds)
        for conversation, thread in remaining.items():
            if thread.is_alive():
                log.warning("%s is still busy and is cut off", conversation.tag)
                with suppress(EngineError):
                    self._engine.kill(conversation.tag)
                conversation.abort()
        return self._join(remaining, _CUT_OFF_SECONDS)

    def _join(self, threads: dict[Conversation, threading.Thread], timeout_seconds: float) -> bool:
        deadline = time.monotonic() + timeout_seconds
        for thread in threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads.values())


_CUT_OFF_SECONDS = 5.0
