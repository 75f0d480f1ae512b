"""`listener privacy`: what cannot be told afterwards is refused before anything is done."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from listener.cli import privacy_command
from listener.domain.errors import UsageError


@pytest.mark.parametrize(
    "arguments",
    [
        ["erase", "--author", "net:ann", "--by", "K", "--yes", "--certificate"],
        ["export", "--author", "net:ann", "--out"],
    ],
)
def test_a_file_that_cannot_be_written_is_told_first(tmp_path: Path, arguments: list[str]) -> None:
    arguments = [*arguments, str(tmp_path / "none" / "c.json"), "--data-dir", str(tmp_path)]
    result = CliRunner().invoke(privacy_command.command, arguments)
    assert isinstance(result.exception, UsageError)
    assert "cannot be written" in str(result.exception)


def test_who_does_it_is_asked_first(tmp_path: Path) -> None:
    arguments = ["erase", "--author", "net:ann", "--yes", "--data-dir", str(tmp_path)]
    result = CliRunner().invoke(privacy_command.command, arguments)
    assert isinstance(result.exception, UsageError)
    assert "--by" in str(result.exception)
