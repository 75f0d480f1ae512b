"""One ClickHouse engine behind its native protocol, on 127.0.0.1, as a child process."""

import importlib.util
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from clickhouse_driver import Client
from clickhouse_driver import errors as driver_errors

from listener.domain.errors import DiskFull, NotReady, PortTaken, ServiceError, UsageError
from listener.embedded.clickhouse.accounts import READER_USER, WRITER_USER
from listener.embedded.clickhouse.engine import DATABASE
from listener.embedded.clickhouse.launch import (
    DRAIN_SECONDS,
    EXIT_DISK_FULL,
    EXIT_PORT_TAKEN,
    EXIT_USAGE,
    PASSWORD_VARIABLE,
    READER_PASSWORD_VARIABLE,
)
from listener.embedded.ports import LOOPBACK, require_free_port
from listener.embedded.process import (
    ChildProcess,
    DirectoryLock,
    require_free_space,
    service_error,
    stop_leftover,
)

START_SECONDS = 60.0
STOP_SECONDS = DRAIN_SECONDS + 15.0
FREE_BYTES_TO_START = 256 * 1024 * 1024

_ASK_SECONDS = 5
_ERRORS: dict[int | None, type[ServiceError | UsageError]] = {
    EXIT_USAGE: UsageError,
    EXIT_PORT_TAKEN: PortTaken,
    EXIT_DISK_FULL: DiskFull,
}


@dataclass(frozen=True)
class Certificate:
    """With what the server shows who it is; files in PEM.

    Attributes:
        certfile: the certificate; it must name 127.0.0.1.
        keyfile: its key.
        cafile: the authority that signed it: what clients are told to trust.
    """

    certfile: Path
    keyfile: Path
    cafile: Path


class ClickHouseServer:
    """A single ClickHouse as a child process; it keeps its data in one directory.

        clickhouse = ClickHouseServer(Path(".listener/clickhouse"), 9000, "secret", "reader's secret")
        clickhouse.start()
        clickhouse.wait_ready()
        client = clickhouse_driver.Client.from_url(clickhouse.url)
        ...
        clickhouse.stop()

    After a crash (`alive` is false) `start()` brings it up again with everything it had acknowledged.

    Args:
        data_dir: made if it is missing; one server at a time.
        port: where clients connect.
        writer_password: of the account `listener`, which may do everything.
        reader_password: of the account `reader`, which may only read the database `listener`.
        certificate: clients must use TLS where there is one.
        advertised_port: where clients are told to connect, if a proxy or a tunnel stands in between.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int,
        writer_password: str,
        reader_password: str,
        *,
        certificate: Certificate | None = None,
        advertised_port: int | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port
        self.advertised_port = advertised_port or port
        self.log_path = self.data_dir / "log" / "clickhouse.log"
        self._writer_password = writer_password
        self._reader_password = reader_password
        self._certificate = certificate
        # The server itself locks the data; this keeps a second supervisor away from the child.
        self._lock = DirectoryLock(self.data_dir / "supervisor", "ClickHouse")
        self._child = ChildProcess(
            "ClickHouse",
            [
                sys.executable,
                "-m",
                "listener.embedded.clickhouse",
                f"--data-dir={self.data_dir}",
                f"--port={port}",
                *(
                    (f"--tls-cert={certificate.certfile}", f"--tls-key={certificate.keyfile}")
                    if certificate
                    else ()
                ),
            ],
            env={
                **os.environ,
                PASSWORD_VARIABLE: writer_password,
                READER_PASSWORD_VARIABLE: reader_password,
            },
            log_path=self.log_path,
            pid_file=self.data_dir / "supervisor" / "clickhouse.pid",
        )

    @property
    def host(self) -> str:
        """Where it listens."""
        return LOOPBACK

    @property
    def url(self) -> str:
        """What `clickhouse_driver.Client.from_url` takes, for the account that may write."""
        return self._url(WRITER_USER, self._writer_password, self.advertised_port)

    @property
    def reader_url(self) -> str:
        """The same for the account that may only read."""
        return self._url(READER_USER, self._reader_password, self.advertised_port)

    def _url(self, user: str, password: str, port: int) -> str:
        place = f"{user}:{quote(password, safe='')}@{LOOPBACK}:{port}/{DATABASE}"
        if self._certificate is None:
            return f"clickhouse://{place}"
        return f"clickhouses://{place}?{urlencode({'ca_certs': self._certificate.cafile})}"

    @property
    def alive(self) -> bool:
        """Whether its process runs; `wait_ready` tells whether it also answers."""
        return self._child.alive

    @property
    def pid(self) -> int | None:
        """The process of the latest start."""
        return self._child.pid

    def start(self) -> None:
        """Starts the server and returns while it is still starting; see `wait_ready`.

        Raises:
            UsageError: another supervisor runs a ClickHouse on this directory.
            PortTaken: somebody listens on the port.
            DiskFull: there is too little space.
            ServiceError: it runs already, or the engine is not installed.
        """
        if self.alive:
            raise ServiceError(f"ClickHouse runs already (process {self.pid}).")
        if importlib.util.find_spec("chdb") is None:
            raise ServiceError(
                "The ClickHouse engine is not installed: pip install 'listener[embedded]', "
                "or set CLICKHOUSE_URL to a server of yours."
            )
        self._lock.acquire()
        try:
            if self._child.pid_file is not None:
                stop_leftover(self._child.pid_file, "ClickHouse")
            require_free_space(self.data_dir, FREE_BYTES_TO_START, "ClickHouse")
            require_free_port(self.port, "ClickHouse")
            self._child.start()
        except OSError as failure:
            self._lock.release()
            raise service_error("ClickHouse could not be started", failure) from failure
        except BaseException:
            self._lock.release()
            raise

    def wait_ready(self, timeout_seconds: float = START_SECONDS) -> None:
        """Waits until the server answers queries.

        Raises:
            NotReady: it ended, or took too long; with the end of its log.
            PortTaken, DiskFull, UsageError: it ended because of that.
        """
        try:
            self._child.wait_until(self.answers, timeout_seconds, f"to answer on {LOOPBACK}:{self.port}")
        except NotReady as late:
            error = _ERRORS.get(self._child.returncode)
            if error is not None:
                raise error(self._child.log_tail(1)) from late
            raise

    def answers(self) -> bool:
        """Whether it answers a query now."""
        try:
            # The driver would log each refusal with a traceback.
            socket.create_connection((LOOPBACK, self.port), timeout=_ASK_SECONDS).close()
        except OSError:
            return False
        client = Client.from_url(self._url(READER_USER, self._reader_password, self.port))
        client.connection.connect_timeout = client.connection.send_receive_timeout = _ASK_SECONDS
        try:
            return bool(client.execute("SELECT 1") == [(1,)])
        except (driver_errors.Error, OSError, EOFError):
            return False
        finally:
            client.disconnect()

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """Ends the server, after the statements that run if it can within the timeout."""
        self._child.stop(timeout_seconds)
        self._lock.release()

    def kill(self) -> None:
        """Ends the server at once, as a crash would; `start()` recovers."""
        self._child.kill()

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of its log."""
        return self._child.log_tail(lines)
