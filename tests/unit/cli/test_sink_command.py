"""`listener sink`: which sinks there are, and what is said of one that there is not."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from listener.cli.sink_command import command

CONFIGURATION = """\
desks:
  support: {kind: webhook, secrets: {url: U, key: K}}
sinks:
  board: {kind: nobody-brings-it}
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("desk-x", "no sink desk-x: desks in listener.yaml has support, and not x (see docs/desks.md)"),
        ("alerts-x", "no sink alerts-x: alerts_to in listener.yaml has nothing, and not x"),
        ("own-x", "no sink own-x: sinks in listener.yaml has board, and not x"),
        ("own-board", "sinks.board.kind: no package here brings sinks of the kind nobody-brings-it"),
        ("x", "no sink x; of this configuration there are: clickhouse, desk-support, own-board"),
    ],
)
def test_a_sink_that_is_not_there(name: str, said: str, tmp_path: Path) -> None:
    config = tmp_path / "listener.yaml"
    config.write_text(CONFIGURATION)
    ended = CliRunner().invoke(command, [name, "--config", str(config)])
    assert said in str(ended.exception)
