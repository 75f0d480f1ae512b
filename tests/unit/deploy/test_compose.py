"""compose.yaml and the Dockerfile against the program: no Docker is needed, and none is started."""

import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from listener.cli.main import listener
from listener.embedded.kafka.server import server_properties
from listener.settings import load_settings

DEPLOY = Path(__file__).parents[3] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "listener"}
HEALTH = {name: service for name, service in OURS.items() if "healthcheck" in service}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def parsed(words: list[str]) -> tuple[str, dict[str, Any]]:
    """The command and its options, as click takes them; fails where it does not."""
    group = click.Context(listener)
    name, command, rest = listener.resolve_command(group, list(words))
    assert name
    assert command
    return name, command.make_context(name, rest, parent=group).params


def test_every_service_is_there() -> None:
    assert set(SERVICES) - set(OURS) == {"kafka", "clickhouse"}
    assert sorted(service["command"][0] for service in OURS.values()) == sorted(
        ["topics", "migrate", "stream", "stream", "sink", "watch", "form", "answers", "console", "connect"]
    )


@pytest.mark.parametrize("name", OURS)
def test_the_program_takes_the_command(name: str) -> None:
    command, options = parsed(OURS[name]["command"])
    if name in HEALTH:
        assert options["health_host"] == "0.0.0.0"  # only the network of compose reaches it
        assert f"127.0.0.1:{options['health_port']}/livez" in HEALTH[name]["healthcheck"]["test"][-1]
    else:
        assert command in {"topics", "migrate"}
        assert OURS[name]["restart"] == "on-failure"


def test_workers_share_neither_name_nor_volume() -> None:
    workers = [service for service in OURS.values() if service["command"][0] == "stream"]
    assert len({parsed(worker["command"])[1]["worker"] for worker in workers}) == len(workers)
    data = [volume.split(":")[0] for worker in workers for volume in worker["volumes"] if ":/data" in volume]
    assert len(set(data)) == len(workers)


def test_what_is_asked_from_outside_is_published_to_this_host_only() -> None:
    for name in ("form", "answers", "console"):
        port = parsed(OURS[name]["command"])[1]["port"]
        assert OURS[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert {name for name, service in SERVICES.items() if "ports" in service} == {
        "form",
        "answers",
        "console",
    }


def test_what_needs_keys_is_started_only_where_it_is_wanted() -> None:
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {"answers", "console"}


def test_volumes_and_dependencies_are_declared() -> None:
    named = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if re.match(r"[a-z]", volume)
    }
    assert named == set(COMPOSE["volumes"])
    for service in SERVICES.values():
        for other, when in service.get("depends_on", {}).items():
            assert when["condition"] in {"service_healthy", "service_completed_successfully"}
            assert when["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("name", SERVICES)
def test_what_goes_on_running_is_watched_and_limited(name: str) -> None:
    service = SERVICES[name]
    assert "mem_limit" in service
    assert "max-size" in service["logging"]["options"]
    assert "healthcheck" in service or service["restart"] == "on-failure"


@pytest.mark.parametrize("name", OURS)
def test_containers_are_confined(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_addresses_are_read_as_they_are_given(tmp_path: Path) -> None:
    environment = {
        name: re.sub(r"\$\{CLICKHOUSE_PASSWORD:\?[^}]*\}", "secret", value)
        for name, value in OURS["sink"]["environment"].items()
    }
    example = DEPLOY.parent / "examples" / "listener.yaml"
    settings = load_settings(example, tmp_path, environment)
    assert settings.kafka.bootstrap_servers == "kafka:9092"
    assert SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].endswith("//kafka:9092")
    assert settings.clickhouse_url == "clickhouse://listener:secret@clickhouse:9000/listener"
    assert "CLICKHOUSE_PASSWORD=" in (DEPLOY / "environment.example").read_text()


def test_kafka_takes_what_the_embedded_one_takes() -> None:
    tested = server_properties("data", 1, {"PLAINTEXT": 9092}, {1: 9093})
    configured = {
        key.removeprefix("KAFKA_").lower().replace("_", "."): value
        for key, value in SERVICES["kafka"]["environment"].items()
    }
    for setting in (
        "message.max.bytes",
        "auto.create.topics.enable",
        "process.roles",
        "offsets.topic.replication.factor",
    ):
        assert configured[setting] == tested[setting], setting


def test_the_dockerfile_copies_what_is_there_and_runs_as_nobody() -> None:
    allowed = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().split() if line.startswith("!")
    }
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert copied == allowed
    assert all((DEPLOY.parent / path).exists() for path in copied)
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["listener"]' in last
