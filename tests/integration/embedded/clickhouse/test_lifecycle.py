"""Starting, stopping, being killed; what was acknowledged stays."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ServerException

from listener.chaos.disk import SmallDisk
from listener.chaos.means import find_means
from listener.domain.errors import NotReady, PortTaken, ServiceError, UsageError
from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.clickhouse.full_disk import KEPT_FREE_BYTES, free_bytes
from listener.embedded.ports import free_port

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def server(clickhouse_installed: None, tmp_path: Path) -> Iterator[ClickHouseServer]:
    """A server of this test's own, started and ready."""
    server = ClickHouseServer(tmp_path / "data", free_port(), "w", "r")
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()


def environment() -> dict[str, str]:
    return {**os.environ, "LISTENER_CLICKHOUSE_PASSWORD": "w", "LISTENER_CLICKHOUSE_READER_PASSWORD": "r"}


def run(data_dir: Path, port: int, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "listener.embedded.clickhouse", f"--data-dir={data_dir}", f"--port={port}"],
        env={**environment(), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_data_survive_a_restart(server: ClickHouseServer) -> None:
    with Client.from_url(server.url) as client:
        client.execute("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
        client.execute("INSERT INTO kept VALUES", [(n,) for n in range(1000)])
    first = server.pid
    server.stop()
    assert not server.alive
    server.start()
    server.wait_ready()
    assert server.pid != first
    with Client.from_url(server.reader_url) as client:
        assert client.execute("SELECT count(), sum(n) FROM kept") == [(1000, 499_500)]


def test_acknowledged_batches_survive_kill_9_and_no_other_is_seen_in_part(server: ClickHouseServer) -> None:
    batch_rows = 500
    with Client.from_url(server.url) as client:
        client.execute("CREATE TABLE hit (batch UInt64, n UInt64) ENGINE = MergeTree ORDER BY (batch, n)")
    acknowledged: set[int] = set()
    for round_number in range(3):
        stop = threading.Event()

        def write(writer: int, round_number: int = round_number, stop: threading.Event = stop) -> None:
            with Client.from_url(server.url) as own:
                for number in range(10_000):
                    batch = (round_number * 10 + writer) * 10_000 + number
                    try:
                        own.execute("INSERT INTO hit VALUES", [(batch, n) for n in range(batch_rows)])
                    except (Error, EOFError, OSError):
                        return
                    acknowledged.add(batch)
                    if stop.is_set():
                        return

        before = len(acknowledged)
        writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
        for writer in writers:
            writer.start()
        deadline = time.monotonic() + 20
        while len(acknowledged) < before + 40 and time.monotonic() < deadline:
            time.sleep(0.005)
        server.kill()
        stop.set()
        for writer in writers:
            writer.join()
        server.start()
        server.wait_ready()
    with Client.from_url(server.url) as client:
        found = dict(client.execute("SELECT batch, count() FROM hit GROUP BY batch"))
    assert len(acknowledged) >= 120
    assert acknowledged <= set(found), "every acknowledged batch is there"
    assert set(found.values()) == {batch_rows}, "none in part, none twice"


def test_sigterm_lets_a_running_query_end_and_refuses_new_ones(server: ClickHouseServer) -> None:
    idle, busy = Client.from_url(server.url), Client.from_url(server.url)
    idle.execute("SELECT 1")
    found: list[object] = []
    sql = "SELECT sum(sleepEachRow(0.05)), count() FROM numbers(60) SETTINGS max_block_size = 1"
    query = threading.Thread(target=lambda: found.extend(busy.execute(sql)))
    query.start()
    _wait(lambda: len(idle.execute("SELECT 1 FROM system.processes WHERE query LIKE '%numbers(60)%'")) > 1)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    _wait(lambda: not _accepts(server.port))
    query.join()
    assert found == [(0, 60)], "what ran has ended in order"
    _wait(lambda: not server.alive)
    assert server._child.returncode == 0
    with pytest.raises((Error, EOFError, OSError)):
        idle.execute("SELECT 1")
    idle.disconnect()
    busy.disconnect()


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _wait(check: Callable[[], bool], timeout_seconds: float = 20) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_it_listens_on_this_machine_alone(server: ClickHouseServer) -> None:
    def addresses(table: str) -> list[str]:
        lines = [line.split() for line in Path(table).read_text().splitlines()[1:]]
        port = f":{server.port:04X}"
        return [fields[1] for fields in lines if fields[1].endswith(port) and fields[3] == "0A"]

    assert addresses("/proc/net/tcp") == [f"0100007F:{server.port:04X}"]
    assert addresses("/proc/net/tcp6") == []


def test_passwords_are_not_in_the_command_line_nor_in_files(
    tmp_path: Path, clickhouse_installed: None
) -> None:
    server = ClickHouseServer(tmp_path / "data", free_port(), "writer-secret", "reader-secret")
    server.start()
    try:
        server.wait_ready()
        assert b"secret" not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
        for path in (tmp_path / "data").rglob("*"):
            if path.is_file():
                assert b"-secret" not in path.read_bytes(), path
    finally:
        server.stop()


def test_a_second_server_on_the_same_data_says_so(server: ClickHouseServer) -> None:
    outcome = run(server.data_dir, free_port())
    assert outcome.returncode != 0
    assert "already running" in outcome.stderr
    assert str(server.pid) in outcome.stderr
    with pytest.raises(UsageError, match="already running"):
        ClickHouseServer(server.data_dir, free_port(), "w", "r").start()
    assert server.answers()


def test_a_server_behind_the_supervisors_back_is_told(server: ClickHouseServer, tmp_path: Path) -> None:
    """The data are owned by a server that this supervisor did not start."""
    shutil.rmtree(server.data_dir / "supervisor")
    second = ClickHouseServer(server.data_dir, free_port(), "w", "r")
    second.start()
    try:
        with pytest.raises(UsageError, match="already running"):
            second.wait_ready(30)
    finally:
        second.stop()


def test_a_taken_port_is_said(tmp_path: Path, clickhouse_installed: None) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        outcome = run(tmp_path / "data", port)
        assert outcome.returncode != 0
        assert f"127.0.0.1:{port}" in outcome.stderr
        assert "Traceback" not in outcome.stderr
        server = ClickHouseServer(tmp_path / "data", port, "w", "r")
        with pytest.raises(PortTaken, match=str(port)):
            server.start()
        assert not server.alive


def test_a_missing_password_is_said(tmp_path: Path, clickhouse_installed: None) -> None:
    outcome = run(tmp_path / "data", free_port(), LISTENER_CLICKHOUSE_READER_PASSWORD="")
    assert outcome.returncode == 2
    assert "LISTENER_CLICKHOUSE_READER_PASSWORD" in outcome.stderr


def test_a_directory_that_cannot_be_used_is_said(tmp_path: Path, clickhouse_installed: None) -> None:
    (tmp_path / "file").write_text("")
    outcome = run(tmp_path / "file" / "data", free_port())
    assert outcome.returncode != 0
    assert "Traceback" not in outcome.stderr


def test_what_is_not_started_is_not_ready(tmp_path: Path, clickhouse_installed: None) -> None:
    server = ClickHouseServer(tmp_path / "data", free_port(), "w", "r")
    with pytest.raises(NotReady):
        server.wait_ready(1)
    assert not server.alive
    server.stop()


def test_a_started_server_is_not_started_again(server: ClickHouseServer) -> None:
    with pytest.raises(ServiceError, match="runs already"):
        server.start()


@pytest.fixture
def small_disk(
    clickhouse_installed: None, tmp_path: Path, server_missing: Callable[[str], NoReturn]
) -> Iterator[SmallDisk]:
    """A file system of 400 MiB."""
    if not find_means().mounts:
        server_missing("only root can mount a file system of its own")
    disk = SmallDisk(tmp_path / "small", 400 << 20)
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()


def test_a_disk_that_fills_is_an_error_to_the_client_and_the_server_stays(small_disk: SmallDisk) -> None:
    server = ClickHouseServer(small_disk.place / "data", free_port(), "w", "r")
    server.start()
    try:
        server.wait_ready()
        with Client.from_url(server.url) as client:
            client.execute("CREATE TABLE t (s String CODEC(NONE)) ENGINE = MergeTree ORDER BY tuple()")
            client.execute("INSERT INTO t VALUES", [("first",)])
            with (small_disk.place / "ballast").open("wb") as ballast:
                room = free_bytes(small_disk.place) - KEPT_FREE_BYTES
                os.posix_fallocate(ballast.fileno(), 0, room - 20 * 2**20)
            for megabytes in (40, 150):  # the engine finds the disk full; then the server, keeping the rows
                rows = (("x" * 1_000_000,) for _ in range(megabytes))
                with pytest.raises(ServerException) as error:
                    client.execute("INSERT INTO t VALUES", rows, settings={"insert_block_size": 10})
                assert error.value.code in (75, 243, 76)
            assert client.execute("SELECT * FROM t") == [("first",)]
            (small_disk.place / "ballast").unlink()
            client.execute("INSERT INTO t VALUES", [("second",)])
            assert client.execute("SELECT count() FROM t") == [(2,)]
    finally:
        server.stop()


def test_a_disk_that_is_full_costs_nothing_acknowledged_and_leaves_no_broken_part(
    small_disk: SmallDisk,
) -> None:
    """The engine says that it has stored what the kernel refused, in inserts and in merges."""
    server = ClickHouseServer(small_disk.place / "data", free_port(), "w", "r")
    server.start()
    try:
        server.wait_ready()
        with Client.from_url(server.url) as client:
            client.execute("CREATE TABLE hit (batch UInt64, n UInt64) ENGINE = MergeTree ORDER BY (batch, n)")
        acknowledged: list[int] = []
        for round_number in range(2):
            enough = len(acknowledged) + 40
            writers = [
                threading.Thread(target=_write_until_it_ends, args=(server, acknowledged, first))
                for first in (round_number * 20_000, round_number * 20_000 + 10_000)
            ]
            for writer in writers:
                writer.start()
            _wait(lambda enough=enough: len(acknowledged) > enough)  # type: ignore[misc]  # bound now
            small_disk.fill()
            for writer in writers:
                writer.join()
            _wait(lambda: not server.alive)
            small_disk.empty()
            server.start()
            server.wait_ready()
        with Client.from_url(server.url) as client:
            found = {batch for (batch,) in client.execute("SELECT batch FROM hit GROUP BY batch, n")}
        assert set(acknowledged) <= found
    finally:
        server.stop()


def _write_until_it_ends(server: ClickHouseServer, acknowledged: list[int], first: int) -> None:
    with Client.from_url(server.url) as client:
        for batch in range(first, first + 10_000):
            try:
                client.execute("INSERT INTO hit VALUES", [(batch, n) for n in range(20)])
            except ServerException:
                continue  # it is refused for want of room
            except (Error, EOFError, OSError):
                return
            acknowledged.append(batch)
