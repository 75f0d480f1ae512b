"""The files of a simulated world, and the command that writes them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from listener.cli.simulate_command import command
from listener.domain.errors import ServiceError, UsageError
from listener.domain.mention import Mention
from listener.simulator import MentionTruth
from listener.simulator.company import DESKS
from listener.simulator.files import FILE_OF, write_simulation
from stream.moments import HOUR_MS
from stream.triage.policy import read_policy
from unit.simulator.worlds import settings, world

OF = settings(customers=80, days=12, seed=2)
ARGUMENTS = ["--customers", "80", "--days", "12", "--seed", "2"]


def test_all_files_are_written_and_readable(tmp_path: Path) -> None:
    shares: list[float] = []
    counts = write_simulation(OF, tmp_path, shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        *FILE_OF.values(),
        "truth/world.jsonl",
        "README.txt",
        "policy.yaml",
    }
    for model, name in FILE_OF.items():
        lines = (tmp_path / name).read_bytes().splitlines()
        assert len(lines) == counts[name]
        assert all(model.read_at_edge(line) for line in lines)
    found = world(OF)
    assert counts["mentions.jsonl"] == len(found.inbound) + len(found.outbound) + len(found.edits)
    assert counts["truth/mentions.jsonl"] == len(found.inbound)
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "truth/world.jsonl").read_text().splitlines()]
    assert {"cause", "channel", "incident", "fix"} == set(kinds)
    readme = (tmp_path / "README.txt").read_text()
    assert all(name in readme for name in FILE_OF.values())


def test_the_command_writes_the_same_bytes_again(tmp_path: Path) -> None:
    runner = CliRunner()
    for name in ("one", "two"):
        done = runner.invoke(command, [*ARGUMENTS, "--out", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
    first = (tmp_path / "one/truth/mentions.jsonl").read_bytes().splitlines()[0]
    assert MentionTruth.read_at_edge(first)


def test_the_command_prints_mentions_where_no_directory_is_given() -> None:
    done = CliRunner().invoke(command, ARGUMENTS)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    found = world(OF)
    assert len(lines) == len(found.inbound) + len(found.outbound) + len(found.edits)
    assert all(Mention.read_at_edge(line) for line in lines)


def test_wrong_use_is_told(tmp_path: Path) -> None:
    for arguments in (["--customers", "0", *ARGUMENTS[2:]], [*ARGUMENTS, "--ends-at", "soon"]):
        done = CliRunner().invoke(command, arguments)
        assert isinstance(done.exception, UsageError)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ServiceError, match="cannot write"):
        write_simulation(OF, blocked)


def test_its_policy_has_the_targets_that_the_truth_counts_by(tmp_path: Path) -> None:
    write_simulation(OF, tmp_path)
    policy = read_policy(tmp_path / "policy.yaml")
    for queue in policy.queues:
        assert {channel: queue.response_ms(channel, answered=False) for channel in DESKS} == {
            channel: desk.target_hours * HOUR_MS for channel, desk in DESKS.items()
        }
