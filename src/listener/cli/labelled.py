"""Options that tell where labelled texts are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def labelled_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--data``, ``--text``, ``--label``, ``--rename`` and ``--by``; see `training.read_examples`."""
    for option in (
        click.option("--by", multiple=True, metavar="COL", help="Column to tell figures by; repeatable."),
        click.option(
            "--rename",
            multiple=True,
            callback=_renamed,
            metavar="OLD=NEW",
            help="What a label means; repeatable.",
        ),
        click.option("--label", required=True, metavar="COL", help="Column with the labels."),
        click.option("--text", required=True, metavar="COL", help="Column with the texts."),
        click.option(
            "--data",
            "file",
            required=True,
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="CSV with a header, or JSON lines.",
        ),
    ):
        command = option(command)
    return command


def _renamed(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    made = {}
    for one in given:
        old, equals, new = one.rpartition("=")
        if not equals or not new.strip():
            raise click.BadParameter(f"{one!r}: OLD=NEW is expected, such as 2=positive")
        made[old] = new
    return made
