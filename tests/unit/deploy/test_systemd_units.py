"""The systemd units: systemd takes them, the program takes their commands, and they are confined."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from listener.cli.main import listener

UNITS = sorted((Path(__file__).parents[3] / "deploy" / "systemd").glob("*.service"))
PROGRAM = "/opt/listener/bin/listener"
MOST_EXPOSED = 2.0
"""Of systemd's own scale from 0 to 10."""

systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")


def start_of(unit: Path) -> list[str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(unit)
    return shlex.split(parser["Service"]["ExecStart"].replace("%i", "8100"))


def analyse(unit: Path, directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Asks systemd about the unit, with a program in it that is there."""
    instance = directory / unit.name.replace("@", "@8100")
    instance.write_text(unit.read_text().replace(PROGRAM, "/bin/true"))
    argv = ["systemd-analyze", *words, str(instance)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_every_service_has_a_unit() -> None:
    assert [unit.name for unit in UNITS] == [
        "listener-answers.service",
        "listener-connect.service",
        "listener-console.service",
        "listener-form.service",
        "listener-sink.service",
        "listener-stream@.service",
        "listener-watch.service",
    ]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_program_takes_the_command(unit: Path) -> None:
    program, *words = start_of(unit)
    assert program == PROGRAM
    group = click.Context(listener)
    name, command, rest = listener.resolve_command(group, words)
    assert name
    assert command
    assert name in unit.name
    assert command.make_context(name, rest, parent=group).params["health_port"]


def test_no_two_pages_have_one_port() -> None:
    ports = [port for unit in UNITS for port in re.findall(r"-port (\d+)", " ".join(start_of(unit)))]
    assert len(ports) == len(set(ports)) == len(UNITS) + 3  # form, answers and console have two


@systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_it(unit: Path, tmp_path: Path) -> None:
    done = analyse(unit, tmp_path, "verify")
    # The services that are installed on this machine are looked at too; theirs are not our faults.
    of_ours = [line for line in done.stderr.splitlines() if not re.match(r"(/usr)?/lib/systemd/", line)]
    assert (done.returncode, of_ours) == (0, [])


@systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_it_is_confined(unit: Path, tmp_path: Path) -> None:
    done = analyse(unit, tmp_path, "security", "--offline=true", "--no-pager")
    level = re.search(r"exposure level for .*: ([\d.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level[1]) <= MOST_EXPOSED
