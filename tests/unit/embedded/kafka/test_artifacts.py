"""Fetching Kafka: only the files that the lock names, checked, once; against a Maven repository of our own."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from listener.domain.errors import ServiceError
from listener.embedded.kafka import artifacts
from listener.embedded.kafka.artifacts import (
    KAFKA,
    LOG_BINDING,
    MavenArtifact,
    kafka_libraries,
    locked_artifacts,
)
from listener.embedded.ports import free_port

JARS = {"org.example:one:1.0": b"first jar", "org.example:two:2.1": b"second jar" * 1000}


def path_in_repository(coordinate: str) -> Path:
    group, name, version = coordinate.split(":")
    return Path(*group.split("."), name, version, f"{name}-{version}.jar")


class Repository:
    """A Maven repository over HTTP that counts what it is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(self._handler(), directory=str(root)))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self) -> type[SimpleHTTPRequestHandler]:
        asked = self.asked

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base's name
                asked.append(self.path)

        return Handler

    def put(self, coordinate: str, content: bytes) -> None:
        path = self.root / path_in_repository(coordinate)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def use_mirror(directory: Path, url: str) -> None:
    (directory / "jgo.conf").write_text(f"[repositories]\ncentral = {url}\n")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    pytest.importorskip("jgo")
    repository = Repository(tmp_path / "repository")
    lock = tmp_path / "artifacts.lock"
    lines = ["# a comment"]
    for coordinate, content in JARS.items():
        repository.put(coordinate, content)
        lines.append(str(MavenArtifact(coordinate, len(content), hashlib.sha256(content).hexdigest())))
    lock.write_text("\n".join(lines))
    monkeypatch.setattr(artifacts, "_LOCK_FILE", lock)
    monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "jgo.conf"))
    use_mirror(tmp_path, repository.url)
    yield repository
    repository.server.shutdown()
    repository.server.server_close()


def test_fetches_exactly_what_is_locked_and_only_once(repository: Repository, tmp_path: Path) -> None:
    libraries = kafka_libraries(tmp_path / "cache")
    assert {path.name: path.read_bytes() for path in libraries.iterdir()} == {
        "one-1.0.jar": JARS["org.example:one:1.0"],
        "two-2.1.jar": JARS["org.example:two:2.1"],
    }
    requests = len(repository.asked)
    assert requests >= len(JARS)
    assert kafka_libraries(tmp_path / "cache") == libraries
    assert len(repository.asked) == requests


def test_a_changed_file_is_refused(repository: Repository, tmp_path: Path) -> None:
    repository.put("org.example:one:1.0", b"evil one.")
    with pytest.raises(ServiceError, match=r"org\.example:one:1\.0 as downloaded is not the file .*sha256"):
        kafka_libraries(tmp_path / "cache")
    repository.put("org.example:one:1.0", JARS["org.example:one:1.0"])
    assert (kafka_libraries(tmp_path / "cache") / "one-1.0.jar").exists()


def test_half_a_file_of_an_interrupted_download_is_fetched_again(
    repository: Repository, tmp_path: Path
) -> None:
    half = tmp_path / "cache" / "kafka-download" / path_in_repository("org.example:two:2.1")
    half.parent.mkdir(parents=True)
    half.write_bytes(JARS["org.example:two:2.1"][:100])
    libraries = kafka_libraries(tmp_path / "cache")
    assert (libraries / "two-2.1.jar").read_bytes() == JARS["org.example:two:2.1"]


def test_a_damaged_cache_is_made_anew(repository: Repository, tmp_path: Path) -> None:
    libraries = kafka_libraries(tmp_path / "cache")
    (libraries / "one-1.0.jar").write_bytes(b"")
    (libraries / "two-2.1.jar").unlink()
    kafka_libraries(tmp_path / "cache")
    assert (libraries / "one-1.0.jar").read_bytes() == JARS["org.example:one:1.0"]
    assert (libraries / "two-2.1.jar").exists()


def test_without_network_it_says_what_to_do(repository: Repository, tmp_path: Path) -> None:
    use_mirror(tmp_path, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ServiceError, match=r"could not be downloaded: .*KAFKA_BOOTSTRAP_SERVERS"):
        kafka_libraries(tmp_path / "cache")


def test_a_repository_without_the_file_is_said(repository: Repository, tmp_path: Path) -> None:
    (repository.root / path_in_repository("org.example:one:1.0")).unlink()
    with pytest.raises(ServiceError, match=r"could not be downloaded: .*org\.example:one"):
        kafka_libraries(tmp_path / "cache")


def test_the_lock_is_of_one_kafka_and_names_no_address() -> None:
    artifacts_by_name = {artifact.coordinate: artifact for artifact in locked_artifacts()}
    version = KAFKA.rpartition(":")[2]
    assert KAFKA in artifacts_by_name
    assert LOG_BINDING in artifacts_by_name
    own = [coordinate for coordinate in artifacts_by_name if coordinate.startswith("org.apache.kafka:")]
    assert {coordinate.rpartition(":")[2] for coordinate in own} == {version}
    log_versions = {
        c.rpartition(":")[2] for c in artifacts_by_name if c.startswith("org.apache.logging.log4j:")
    }
    assert len(log_versions) == 1
    names = [artifact.file_name for artifact in artifacts_by_name.values()]
    assert len(set(names)) == len(names)
    assert all(len(bytes.fromhex(artifact.sha256)) == 32 for artifact in artifacts_by_name.values())
    assert "://" not in artifacts._LOCK_FILE.read_text()
