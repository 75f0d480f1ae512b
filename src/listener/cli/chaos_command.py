"""``listener chaos``: kill and pause a whole installation while mentions flow, and account for every one."""

import shutil
import sys
import tempfile
from pathlib import Path

import click

from listener.chaos.campaign import Outcome, run_campaign
from listener.chaos.means import TOXIPROXY, Means, find_means
from listener.chaos.schedule import KINDS, Kind, draw_schedule, read_schedule
from listener.cli.tables import FORMATS, format_rows
from listener.domain.errors import UsageError
from listener.settings import DEFAULT_DATA_DIR

SHOWN = 20
"""Findings of each sort that are told one by one."""


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Decides records, faults and times.")
@click.option("--mentions", type=click.IntRange(100), default=20_000, show_default=True)
@click.option(
    "--minutes",
    type=click.FloatRange(0.1, 24 * 60),
    default=5.0,
    show_default=True,
    help="How long they are published under faults.",
)
@click.option(
    "--faults",
    "named",
    metavar="KIND,...",
    help=f"Of {', '.join(KINDS)} [default: all that this machine can do].",
)
@click.option("--count", type=click.IntRange(1), help="Number of faults [default: about one in 12 s].")
@click.option(
    "--toxiproxy",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help=f"The program that cuts and slows connections [default: {TOXIPROXY} in the path].",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Repeat the campaign of this schedule; the options above do not count then.",
)
@click.option(
    "--schedule",
    "schedule_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_DATA_DIR / "chaos-schedule.json",
    show_default=True,
    help="Where to write the schedule.",
)
@click.option("--keep", is_flag=True, help="Keep data and logs of the installations, and say where they are.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
def command(
    seed: int,
    mentions: int,
    minutes: float,
    named: str | None,
    count: int | None,
    toxiproxy: Path | None,
    replay: Path | None,
    schedule_file: Path,
    keep: bool,
    form: str,
) -> None:
    """Disturb an installation of its own while mentions flow; then account for each mention.

    Its parts are killed, stopped, paused, added and removed, connections are cut and slowed, disks are filled.
    The same records go through an installation without faults, and both must know the same in the end. Exit
    code 1 if anything is lost, doubled or different. Nothing outside a temporary directory is touched.

    Faults of connections need toxiproxy, those of disks need root; where that is missing they are left out.

    \b
    Example:
      listener chaos --seed 7 --mentions 20000 --minutes 5
      listener chaos --faults kill-worker,pause-worker --mentions 3000 --minutes 1
      listener chaos --faults cut-kafka,slow-kafka --toxiproxy ~/go/bin/server
      listener chaos --replay .listener/chaos-schedule.json
    """
    means = find_means(toxiproxy)
    if replay is not None:
        schedule = read_schedule(replay)
    else:
        schedule = draw_schedule(seed, mentions, minutes, _kinds(named, means), count)
        schedule_file.parent.mkdir(parents=True, exist_ok=True)
        schedule.save(schedule_file)
        click.echo(
            f"schedule: {schedule_file}; again with: listener chaos --replay {schedule_file}", err=True
        )
    directory = Path(tempfile.mkdtemp(prefix="listener-chaos-"))
    try:
        outcome = run_campaign(schedule, directory, means=means, tell=lambda text: click.echo(text, err=True))
    finally:
        if keep:
            click.echo(f"data and logs: {directory}", err=True)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    _tell(outcome, form)
    if not outcome.clean:
        sys.exit(1)


def _kinds(named: str | None, means: Means) -> tuple[Kind, ...]:
    if named is None:
        lacking = means.lacking(KINDS)
        for kind, why in lacking.items():
            click.echo(f"left out: {kind}: {why}", err=True)
        return tuple(kind for kind in KINDS if kind not in lacking)
    words = [word.strip() for word in named.split(",") if word.strip()]
    kinds = tuple(kind for kind in KINDS if kind in words)
    if unknown := [word for word in words if word not in KINDS]:
        raise UsageError(f"--faults: {', '.join(unknown)}: one or more of {', '.join(KINDS)}")
    return kinds


def _tell(outcome: Outcome, form: str) -> None:
    columns = ("fault", "times", "lost", "doubled", "recovery_seconds")
    rows = [(x.fault, x.times, x.lost, x.doubled, x.recovery_seconds) for x in outcome.lines]
    click.echo(format_rows(columns, rows, form), nl=False)
    account = outcome.account
    fates = ", ".join(f"{count} {fate}" for fate, count in sorted(account.fates.items()))
    click.echo(f"{account.fates.total()} inputs accounted for: {fates}", err=True)
    sorts = (
        ("lost", [finding.text for finding in account.lost]),
        ("doubled", [finding.text for finding in account.doubled]),
        ("different", list(outcome.differences)),
        ("not done", [f"{fault.kind} at {fault.at_seconds} s: nobody there" for fault in outcome.not_done]),
    )
    for sort, texts in sorts:
        click.echo(f"{sort}: {len(texts)}", err=True)
        for text in texts[:SHOWN]:
            click.echo(f"  {text}", err=True)
        if len(texts) > SHOWN:
            click.echo(f"  and {len(texts) - SHOWN} more", err=True)
