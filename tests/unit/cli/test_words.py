"""Words given on the command line: what no record can hold is refused before anything is done."""

import click
import pytest
from click.testing import CliRunner

from listener.cli import dead_command, link_command

NOT_UTF8 = b"\xff".decode("utf-8", "surrogateescape")


def refused(command: click.Command, *arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 2
    return result.stderr


@pytest.mark.parametrize(
    ("author", "customer", "by", "told"),
    [
        (NOT_UTF8, "C-1", "K", "not UTF-8"),
        ("x:a", NOT_UTF8, "K", "not UTF-8"),
        ("x:a", "C-1", NOT_UTF8, "not UTF-8"),
        ("x:a", "", "K", "empty"),
        ("x:a", "C-1", " ", "empty"),
        ("x:", "C-1", "K", "source-kind:native id"),
        (":a", "C-1", "K", "source-kind:native id"),
        ("x:" + 299 * "a", "C-1", "K", "at most 300"),
    ],
)
def test_who_is_whom_needs_names_that_can_be_kept(author: str, customer: str, by: str, told: str) -> None:
    assert told in refused(link_command.command, "confirm", author, customer, "--by", by)


@pytest.mark.parametrize("option", ["--by", "--why"])
def test_what_goes_to_the_audit_can_be_written_there(option: str) -> None:
    given = {"--by": "K", "--why": "a test"} | {option: NOT_UTF8}
    told = refused(dead_command.command, "drop", "0@0", *(word for pair in given.items() for word in pair))
    assert option in told
    assert "not UTF-8" in told
