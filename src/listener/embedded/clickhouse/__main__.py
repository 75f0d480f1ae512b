"""The server process: `python -m listener.embedded.clickhouse --data-dir D --port P [--tls-cert C --tls-key K]`.

The passwords of the accounts `listener` and `reader` come from LISTENER_CLICKHOUSE_PASSWORD and
LISTENER_CLICKHOUSE_READER_PASSWORD. It listens on 127.0.0.1 alone. SIGTERM and SIGINT end it in order.
"""

import argparse
import logging
import os
import resource
import signal
import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path

from listener.domain.errors import DiskFull, ListenerError, PortTaken, ServiceError, UsageError
from listener.embedded.clickhouse import full_disk
from listener.embedded.clickhouse.accounts import Accounts
from listener.embedded.clickhouse.engine import Engine, EngineError
from listener.embedded.clickhouse.launch import (
    DRAIN_SECONDS,
    EXIT_DISK_FULL,
    EXIT_FAILED,
    EXIT_PORT_TAKEN,
    EXIT_USAGE,
    PASSWORD_VARIABLE,
    READER_PASSWORD_VARIABLE,
)
from listener.embedded.clickhouse.service import Service
from listener.embedded.ports import LOOPBACK, require_free_port
from listener.embedded.process import DirectoryLock, service_error

_BACKLOG = 128

log = logging.getLogger("listener.embedded.clickhouse")


def main() -> int:
    """Runs the server until a signal; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = _options()
    try:
        tls = _tls(options.tls_cert, options.tls_key) if options.tls_cert else None
        _run(options.data_dir.absolute(), options.port, tls)
    except ListenerError as failure:
        sys.stderr.write(f"{failure}\n")
        match failure:
            case PortTaken():
                return EXIT_PORT_TAKEN
            case DiskFull():
                return EXIT_DISK_FULL
            case UsageError():
                return EXIT_USAGE
        return EXIT_FAILED
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m listener.embedded.clickhouse")
    parser.add_argument("--data-dir", type=Path, required=True, help="where the data are kept")
    parser.add_argument("--port", type=int, required=True, help="where clients connect")
    parser.add_argument("--tls-cert", type=Path, help="certificate in PEM: clients must use TLS")
    parser.add_argument("--tls-key", type=Path, help="its key, if it does not stand in the same file")
    return parser.parse_args()


def _tls(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without a password given, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise UsageError(f"--tls-cert {certificate}, --tls-key {key}: cannot be used: {error}") from None
    return context


def _run(data_dir: Path, port: int, tls: ssl.SSLContext | None) -> None:
    passwords = [_password(PASSWORD_VARIABLE), _password(READER_PASSWORD_VARIABLE)]
    _allow_many_files()
    with DirectoryLock(data_dir, "ClickHouse"), _listen(port) as listening:
        try:
            engine = Engine(data_dir)
        except OSError as failure:
            raise service_error(f"ClickHouse cannot use {data_dir}", failure) from failure
        except EngineError as failure:
            raise _engine_failure(data_dir, failure) from failure
        full_disk.watch(data_dir)
        service = Service(listening, engine, Accounts(*passwords), tls)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        listening.listen(_BACKLOG)
        version, how = ".".join(map(str, engine.version)), " with TLS" if tls else ""
        log.info("ClickHouse %s answers on %s:%d%s", version, LOOPBACK, port, how)
        service.serve()
        log.info("stopping")
        if service.drain(DRAIN_SECONDS):
            engine.close()
        else:
            log.warning("not every statement has ended")
            os._exit(EXIT_FAILED)


def _password(variable: str) -> str:
    password = os.environ.pop(variable, "")
    if not password:
        raise UsageError(f"{variable} must hold a password.")
    return password


def _allow_many_files() -> None:
    """Each part of a table and each thread of the engine keeps some files open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _listen(port: int) -> socket.socket:
    require_free_port(port, "ClickHouse")
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as failure:
        listening.close()
        raise PortTaken(f"ClickHouse cannot listen on {LOOPBACK}:{port}: {failure.strerror}.") from failure
    return listening


def _engine_failure(data_dir: Path, failure: EngineError) -> ServiceError:
    if "No space left" in str(failure):
        return DiskFull(f"ClickHouse has no space left at {data_dir}. Free some, then start again.")
    return ServiceError(f"ClickHouse cannot open {data_dir}: {failure}")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
