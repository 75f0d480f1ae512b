"""A whole path over TLS with accounts, set up as docs/configuration.md says."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from fixtures_secure_kafka import PASSWORD, SECURE_PARTITIONS, SecureKafka
from listener.embedded.clickhouse import ClickHouseServer

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
BROKERS = "kafka-1.example.org:9093,kafka-2.example.org:9093"
MENTIONS = """\
id,who,when,what
1,ann,2026-01-05T09:00:00Z,My baggage is lost and nobody tells me where it is!
2,ben,2026-01-05T10:00:00Z,Your phone line keeps me waiting on hold for two hours. Terrible.
"""
MAPPING = ("--source", "shop", "--map", "id=id", "--map", "author=who", "--map", "occurred_at=when")


def documented(kind: str) -> str:
    """The block of a kind in the page's section on TLS."""
    section = PAGE.read_text().split("## TLS and accounts")[1].split("\n## ")[0]
    [block] = re.findall(rf"```{kind}\n(.*?)```", section, flags=re.DOTALL)
    return str(block)


class Machine:
    """A directory with listener.yaml and secrets, as an administrator sets it up."""

    def __init__(self, directory: Path, kafka: SecureKafka, clickhouse: ClickHouseServer) -> None:
        self.directory = directory
        secrets = directory / "secrets"
        secrets.mkdir()
        configuration = documented("yaml").replace(BROKERS, kafka.address("SASL_SSL"))
        assert BROKERS not in configuration
        self.write_configuration(configuration + f"  partitions: {SECURE_PARTITIONS}\n")
        shutil.copy(kafka.authority.cafile, directory / "kafka-ca.pem")
        ca = directory / "clickhouse-ca.pem"
        shutil.copy(kafka.authority.cafile, ca)
        url = documented("text").replace("PASSWORD", quote("writer: p@ss"))
        url = url.replace("clickhouse-1.example.org:9440", f"127.0.0.1:{clickhouse.port}")
        (secrets / "clickhouse-url").write_text(url.replace("/etc/listener/clickhouse-ca.pem", str(ca)))
        (secrets / "kafka-password").write_text(PASSWORD + "\n")
        script = documented("sh").replace("/run/secrets", str(secrets))
        given = dict(re.findall(r"^export (\w+)=(\S+)$", script, flags=re.MULTILINE))
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "CLICKHOUSE_"))}
        self.environment = {**inherited, **given}

    def write_configuration(self, text: str) -> None:
        self.configuration = text
        (self.directory / "listener.yaml").write_text(text)

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "listener", *words]

    def run(self, *words: str, expect: int = 0) -> str:
        done = subprocess.run(
            self.argv(*words),
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == expect, f"{words}\n{done.stdout}\n{done.stderr}\n{self.logs()}"
        return done.stdout if expect == 0 else done.stderr

    @contextmanager
    def service(self, *words: str) -> Iterator[None]:
        with (self.directory / f"{words[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                self.argv(*words), cwd=self.directory, env=self.environment, stdout=log, stderr=log
            )
        try:
            yield
        finally:
            process.kill()
            process.wait()

    def logs(self) -> str:
        return "".join(f"--- {path.name}\n{path.read_text()}" for path in self.directory.glob("*.log"))


def test_from_a_file_to_a_report_with_tls_all_along(
    secure_kafka: SecureKafka, secure_clickhouse: ClickHouseServer, tmp_path: Path
) -> None:
    machine = Machine(tmp_path, secure_kafka, secure_clickhouse)
    (tmp_path / "mentions.csv").write_text(MENTIONS)
    machine.run("topics")
    machine.run("migrate")
    with machine.service("stream", "--worker", "1"), machine.service("sink", "clickhouse"):
        machine.run("import", "mentions.csv", *MAPPING, "--map", "text=what")
        machine.run("doctor", "--wait-ready", "60", "--wait-idle", "150")
    window = ("--since", "2026-01-01", "--until", "2026-02-01", "--format", "json")
    counted = {
        row["cause"]: row["parties"] for row in json.loads(machine.run("report", "root-causes", *window))
    }
    assert counted["lost-baggage"] == counted["unreachable-service"] == 1

    (tmp_path / "secrets" / "kafka-password").write_text("wrong-one")
    told = machine.run("stream", expect=1)
    assert "account listener" in told
    assert "KAFKA_SASL_PASSWORD_FILE" in told
    assert "wrong-one" not in told
    machine.write_configuration(machine.configuration.replace("kafka-ca.pem", "none.pem"))
    assert f"kafka.ssl_cafile: {tmp_path}/none.pem cannot be read" in machine.run("stream", expect=2)
