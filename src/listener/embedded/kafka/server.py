"""A Kafka broker that is a controller as well (KRaft), on 127.0.0.1: alone, or one of several in a cluster."""

import os
import shutil
import socket
import struct
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from listener.domain.errors import DiskFull, NotReady, ServiceError
from listener.embedded.kafka.artifacts import classes_cache, java, kafka_libraries
from listener.embedded.ports import LOOPBACK, free_port, require_free_port
from listener.embedded.process import (
    ChildProcess,
    DirectoryLock,
    require_free_space,
    service_error,
    stop_leftover,
)

START_SECONDS = 120.0
FREE_BYTES_TO_START = 256 * 1024 * 1024
MAX_MESSAGE_BYTES = 12 * 1024 * 1024

_FREE_BYTES_TO_LOG = 1024 * 1024
_DATA = "data"  # relative to the server's directory: Kafka would take a comma for a separator
_STORAGE_TOOL = "kafka.tools.StorageTool"
_FORMAT_CONFIG = ("--config", "format.properties")
_FORMAT_SECONDS = 60.0
_ASK_SECONDS = 2.0
_API_VERSIONS = 18  # the request that every client sends first
_SERIAL_GC = "-XX:+UseSerialGC"  # the least memory, and two cores gain little from another
_FOR_A_MOMENT = (_SERIAL_GC, "-XX:TieredStopAtLevel=1")
"""A program that ends within seconds never earns what the second compiler costs."""
JAVA_OPTIONS_VARIABLE = "LISTENER_KAFKA_JAVA_OPTIONS"
_JAVA_OPTIONS_OF_OTHERS = ("CLASSPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")


def new_cluster_id() -> str:
    """A name that no other cluster has."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


@dataclass(frozen=True)
class Node:
    """One node's place in a cluster; by default it is the whole of it.

    Attributes:
        node_id: one of the keys of `controllers`.
        controllers: node to the port of its controller, of all nodes of the cluster. Where empty there is one
            node, which takes a free port at each start.
        cluster_id: the same for all nodes; made anew where None.
    """

    node_id: int = 1
    controllers: Mapping[int, int] = field(default_factory=dict)
    cluster_id: str | None = None


ALONE = Node()


class KafkaServer:
    """A Kafka node as a child process; it keeps its data in one directory.

        kafka = KafkaServer(Path(".listener/kafka"), port=9092)
        kafka.start()
        kafka.wait_ready()
        ...
        kafka.stop()

    After a crash (`alive` is false) `start()` brings it up again with everything it had acknowledged. In the
    directory: `data` (Kafka's own), `log/kafka.log`, `server.properties`, `kafka.pid` and `lock`. The environment
    variable LISTENER_KAFKA_JAVA_OPTIONS gives Java further options, with spaces between them.

    Args:
        data_dir: made if it is missing; one server at a time.
        port: where clients connect, without TLS or password.
        heap_mib: the most that Java may use for its objects.
        node: its place among several.
        listeners: where clients connect as well: name to port. The name is a security protocol (``SASL_SSL``),
            or the properties say of which it is (``listener.security.protocol.map``).
        properties: of Kafka, over those of `server_properties`; such as what the listeners need.
        advertised_port: where clients are told to connect, if a proxy or a tunnel stands in between.
        java_options: further options of Java's.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 9092,
        *,
        heap_mib: int = 512,
        node: Node = ALONE,
        listeners: Mapping[str, int] | None = None,
        properties: Mapping[str, str] | None = None,
        advertised_port: int | None = None,
        java_options: Sequence[str] = (),
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port
        self.advertised_port = advertised_port or port
        self.heap_mib = heap_mib
        self._node = node
        self._listeners = {"PLAINTEXT": port, **(listeners or {})}
        self._properties = dict(properties or {})
        self._java_options = java_options
        self.log_path = self.data_dir / "log" / "kafka.log"
        self._lock = DirectoryLock(self.data_dir, "Kafka")
        self._child: ChildProcess | None = None

    @property
    def bootstrap_servers(self) -> str:
        """What clients are given as `bootstrap_servers`."""
        return f"{LOOPBACK}:{self.advertised_port}"

    @property
    def alive(self) -> bool:
        """Whether its process runs; see `answers`."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int | None:
        """The process of the latest start."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Starts the broker and returns while it is still starting; see `wait_ready`.

        The first start fetches Kafka if this machine does not have it yet, and formats the directory.

        Raises:
            UsageError: another supervisor runs a Kafka on this directory.
            PortTaken: somebody listens on the port.
            DiskFull: there is too little space.
            ServiceError: it runs already, or cannot be fetched or formatted.
        """
        if self.alive:
            raise ServiceError(f"Kafka runs already (process {self.pid}).")
        self._lock.acquire()
        try:
            self._start()
        except OSError as failure:
            self._lock.release()
            raise service_error("Kafka could not be started", failure) from failure
        except BaseException:
            self._lock.release()
            raise

    def _start(self) -> None:
        pid_file = self.data_dir / "kafka.pid"
        stop_leftover(pid_file, "Kafka")
        require_free_space(self.data_dir, FREE_BYTES_TO_START, "Kafka")
        for port in self._listeners.values():
            require_free_port(port, "Kafka")
        java_and_class_path = [
            str(java()),
            "-cp",
            f"{kafka_libraries()}/*",
            "--enable-native-access=ALL-UNNAMED",
            *((f"-XX:AOTCache={cache}",) if (cache := classes_cache()).exists() else ()),
        ]
        controllers = self._node.controllers or {self._node.node_id: free_port(other_than=self.port)}
        settings = server_properties(_DATA, self._node.node_id, self._listeners, controllers)
        if self.advertised_port != self.port:
            # Clients go where the broker tells them to, whatever address they began with.
            told = {**self._listeners, "PLAINTEXT": self.advertised_port}
            settings["advertised.listeners"] = _addresses(told)
        settings |= self._properties
        self._format_once(java_and_class_path, settings)
        self._write_properties("server.properties", settings)
        temporary = self.data_dir / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)  # compression libraries unpacked by earlier runs
        temporary.mkdir()
        self._child = ChildProcess(
            "Kafka",
            [
                *java_and_class_path,
                f"-Xmx{self.heap_mib}m",
                _SERIAL_GC,
                "-XX:+ExitOnOutOfMemoryError",  # rather than to live on half broken
                "-XX:ErrorFile=log/java-crash-%p.log",
                "-XX:-UsePerfData",
                *self._java_options,
                *os.environ.get(JAVA_OPTIONS_VARIABLE, "").split(),
                "-Djava.io.tmpdir=tmp",
                f"-Dlog4j2.configurationFile={Path(__file__).parent / 'log4j2.properties'}",
                "-Dlog4j.shutdownHookEnabled=false",  # else the last words of an orderly stop are lost
                "kafka.Kafka",
                "server.properties",
            ],
            env=_java_environment(),
            cwd=self.data_dir,
            log_path=self.log_path,
            pid_file=pid_file,
        )
        self._child.start()

    def _format_once(self, java_and_class_path: list[str], settings: Mapping[str, str]) -> None:
        """Prepares Kafka's directory aside and puts it in place whole: a kill in between leaves nothing."""
        if (self.data_dir / _DATA).exists():
            return
        partial = self.data_dir / f"{_DATA}.new"
        shutil.rmtree(partial, ignore_errors=True)
        self._write_properties("format.properties", {**settings, "log.dirs": partial.name})
        cluster_id = self._node.cluster_id or new_cluster_id()
        tool = ChildProcess(
            "Kafka's StorageTool",
            # With "=", as an id may begin with "-".
            [
                *java_and_class_path,
                *_FOR_A_MOMENT,
                _STORAGE_TOOL,
                "format",
                f"--cluster-id={cluster_id}",
                *_FORMAT_CONFIG,
            ],
            env=_java_environment(),
            cwd=self.data_dir,
            log_path=self.log_path.with_name("format.log"),
        )
        try:
            tool.start()
            returncode = tool.wait(_FORMAT_SECONDS)
        finally:
            tool.kill()
        if returncode != 0:
            self._raise_if_disk_full(tool)
            outcome = "took too long" if returncode is None else "failed"
            raise ServiceError(f"Preparing {self.data_dir} for Kafka {outcome}:\n{tool.log_tail()}")
        (self.data_dir / "format.properties").unlink()
        partial.rename(self.data_dir / _DATA)

    def _write_properties(self, name: str, settings: Mapping[str, str]) -> None:
        lines = [f"{setting}={value}\n" for setting, value in settings.items()]
        (self.data_dir / name).write_text("".join(lines), encoding="ascii")

    def wait_ready(self, timeout_seconds: float = START_SECONDS) -> None:
        """Waits until the broker answers requests.

        Raises:
            NotReady: it ended, or took too long; with the end of its log.
            DiskFull: it ended because there is no space.
        """
        if self._child is None:
            raise NotReady("Kafka has not been started.")
        try:
            self._child.wait_until(self.answers, timeout_seconds, f"to answer on {LOOPBACK}:{self.port}")
        except NotReady:
            self._raise_if_disk_full(self._child)
            raise

    def _raise_if_disk_full(self, child: ChildProcess) -> None:
        if "No space left on device" in child.log_tail(200):
            raise DiskFull(f"Kafka has no space left at {self.data_dir}. Free some, then start again.")
        require_free_space(self.data_dir, _FREE_BYTES_TO_LOG, "Kafka")  # its log may not have had any either

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """Ends the broker, in order if it can within the timeout; the directory is free for others then."""
        if self._child is not None:
            self._child.stop(timeout_seconds)
        self._lock.release()

    def kill(self) -> None:
        """Ends the broker at once, as a crash would; `start()` recovers."""
        if self._child is not None:
            self._child.kill()

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the broker's log."""
        return self._child.log_tail(lines) if self._child else ""

    def answers(self) -> bool:
        """Whether the broker answers a request now; it takes connections before it is able to."""
        client = b"listener"
        header = struct.pack(f">hhih{len(client)}s", _API_VERSIONS, 0, 1, len(client), client)
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=_ASK_SECONDS) as connection:
                connection.sendall(struct.pack(">i", len(header)) + header)
                answer = connection.recv(10)
        except OSError:
            return False
        if len(answer) < 10:
            return False
        _, correlation_id, error = struct.unpack(">iih", answer)
        return bool(correlation_id == 1 and error == 0)


def _addresses(listeners: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{LOOPBACK}:{at}" for name, at in listeners.items())


def server_properties(
    log_dir: str, node_id: int, listeners: Mapping[str, int], controllers: Mapping[int, int]
) -> dict[str, str]:
    """The broker's configuration.

    Args:
        listeners: name to port; brokers speak with each other by the first.
        controllers: node to the port of its controller.

    Source: https://kafka.apache.org/documentation/#brokerconfigs, whose defaults hold for all others.
    """
    all_listeners = {**listeners, "CONTROLLER": controllers[node_id]}
    return {
        "process.roles": "broker,controller",
        "node.id": str(node_id),
        # Static voters: the controller's port may be another at each start.
        "controller.quorum.voters": ",".join(f"{node}@{LOOPBACK}:{at}" for node, at in controllers.items()),
        "listeners": _addresses(all_listeners),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": next(iter(listeners)),
        "listener.security.protocol.map": ",".join(
            ["CONTROLLER:PLAINTEXT", *(f"{n}:{n}" for n in listeners)]
        ),
        "log.dirs": log_dir,
        # Topics are made on purpose, with the right number of partitions.
        "auto.create.topics.enable": "false",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "8",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "8",
        # After kill -9 a broker waits until its former session has ended.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # What a recovery after kill -9 reads again: the newest segment of each partition.
        "log.segment.bytes": str(128 * 1024 * 1024),
        # Groups form at once, and notice soon when a member has died.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # Dead letters hold a whole record of another topic, and why.
        "message.max.bytes": str(MAX_MESSAGE_BYTES),
        "replica.fetch.max.bytes": str(MAX_MESSAGE_BYTES),
        "replica.fetch.response.max.bytes": str(MAX_MESSAGE_BYTES),
    }


def _java_environment() -> dict[str, str]:
    """This process's environment, without options that are meant for other Java programs."""
    own = {name: value for name, value in os.environ.items() if name not in _JAVA_OPTIONS_OF_OTHERS}
    return {**own, "LC_ALL": "C.UTF-8"}  # else Java cannot open paths beyond ASCII where no locale is set
