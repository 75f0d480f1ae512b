"""``listener dead``: looks at dead letters, replays them after a fix, or drops them."""

import functools
import heapq
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from listener.bootstrap import installation_time, publisher
from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.tables import FORMATS, format_rows
from listener.cli.words import Words
from listener.dead_letters.describe import describe
from listener.dead_letters.drop import drop as drop_letters
from listener.dead_letters.letter import Letter, letter_id, parse_letter_id
from listener.dead_letters.readable import neutral, shortened
from listener.dead_letters.reading import read_letters, read_named
from listener.dead_letters.replay import REPLAYABLE_TO, plan_replay
from listener.dead_letters.replay import replay as replay_letters
from listener.dead_letters.selection import Selection
from listener.dead_letters.summary import Group, summarise
from listener.domain.contract import format_utc
from listener.domain.errors import ListenerError, UsageError
from listener.settings import Settings

COLUMNS = ("id", "time", "state", "stage", "source", "reason", "origin", "size", "attempt", "detail")
SUMMARY_COLUMNS = ("stage", "source", "reason", "letters", "bytes", "oldest", "newest")
PLAN_COLUMNS = ("id", "origin", "topic", "attempt", "obstacle")
TABLE_LETTERS = 200
TABLE_DETAIL = 80
Ids = Sequence[tuple[int, int]]


class _LetterId(click.ParamType):
    name = "id"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        try:
            return parse_letter_id(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the filters and calls the command with ``selection``."""

    @click.option("--reason", "reasons", multiple=True, help="With this reason; may be repeated.")
    @click.option(
        "--stage", "stages", multiple=True, help="Given up by: import, ledger, triage, clickhouse ..."
    )
    @click.option("--source", "sources", multiple=True, help="Of this source, where it is known.")
    @click.option("--topic", "topics", multiple=True, help="Whose original came from this topic.")
    @click.option(
        "--since", type=Moment(), help="Given up at this time or later; UTC where no zone is given."
    )
    @click.option("--until", type=Moment(), help="Given up before this time.")
    @click.option("--all", "resolved", is_flag=True, help="Also those that were replayed or dropped.")
    @functools.wraps(command)
    def with_selection(
        *args: Any,
        reasons: tuple[str, ...],
        stages: tuple[str, ...],
        sources: tuple[str, ...],
        topics: tuple[str, ...],
        since: datetime | None,
        until: datetime | None,
        resolved: bool,
        **kwargs: Any,
    ) -> Any:
        if since and until and since >= until:
            raise UsageError(f"--since {since:%Y-%m-%d %H:%M} is not before --until {until:%Y-%m-%d %H:%M}")
        selection = Selection(
            frozenset(reasons),
            frozenset(stages),
            frozenset(sources),
            frozenset(topics),
            since,
            until,
            resolved,
        )
        return command(*args, selection=selection, **kwargs)

    return with_selection


_FORMAT = click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
_IDS = click.argument("ids", nargs=-1, type=_LetterId(), metavar="[ID]...")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only tell what would be done, to which letters.")
_YES = click.option("--yes", is_flag=True, help="Needed where filters, not ids, say which letters.")
_BY = click.option(
    "--by",
    type=Words(200, empty=True),
    metavar="NAME",
    help="Who does this; goes to the audit. Needed but for a dry run.",
)


@click.group()
def command() -> None:
    """Look at, replay or drop dead letters: what could not be processed, kept unchanged in mentions.dead.

    A letter's ID is its place there, partition@offset. Once it is replayed or dropped, it is shown only with
    --all; it goes when the topic's retention ends (30 days), whether or not anything was done about it.

    \b
    Example:
      listener dead list --summary
      listener dead show 3@17
      listener dead replay --stage ledger --reason failed --dry-run
      listener dead replay --stage ledger --reason failed --by "K. Agent" --yes
      listener dead drop 3@17 --why "a test of ours" --by "K. Agent"
    """


@command.command(name="list")
@_selection_options
@click.option("--summary", is_flag=True, help="Count letters by stage, source and reason.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Only the newest N [default: {TABLE_LETTERS} in a table, else all].",
)
@_FORMAT
@settings_options
def list_(settings: Settings, selection: Selection, summary: bool, limit: int | None, form: str) -> None:
    """List dead letters, the newest last. Shows no originals.

    \b
    time    when the stage gave up        origin  where the original was read
    size    bytes of the original         attempt 2 is the first replay

    \b
    Example:
      listener dead list --reason invalid --since 2026-01-31 --format csv
    """
    with _watched("letters read") as watch:
        found = filter(selection.holds, watch(read_letters(settings.kafka)))
        if summary:
            groups = summarise(found)
            rows = [_summary_row(group) for group in groups]
            count = sum(group.letters for group in groups)
        else:
            limit = limit or (TABLE_LETTERS if form == "table" else None)
            rows, count = _newest_rows(found, limit, TABLE_DETAIL if form == "table" else None)
    click.echo(format_rows(SUMMARY_COLUMNS if summary else COLUMNS, rows, form), nl=False)
    hidden = (
        "" if summary or len(rows) == count else f", the newest {len(rows)} are shown (--limit, --summary)"
    )
    click.echo(f"{count} dead letters{hidden}", err=True)


@command.command()
@click.argument("letter", type=_LetterId(), metavar="ID")
@click.option("--raw", is_flag=True, help="Write the original's bytes as they are, and nothing else.")
@settings_options
def show(settings: Settings, letter: tuple[int, int], raw: bool) -> None:
    """Show one letter: why, where from, and the original (which may hold what a customer said).

    The original is shown as text, or as hex where it is not UTF-8, up to 4 KiB; control characters are shown as
    escapes such as \\x1b.

    \b
    Example:
      listener dead show 3@17
      listener dead show 3@17 --raw > original.json
    """
    [found] = read_named(settings.kafka, [letter])
    if not raw:
        click.echo(describe(found), nl=False)
        return
    if not found.whole:
        click.echo(f"only the first bytes were kept; the whole is at {neutral(found.why.origin)}", err=True)
    click.get_binary_stream("stdout").write(found.original or b"")


@command.command()
@_IDS
@_selection_options
@click.option(
    "--to",
    type=click.Choice(REPLAYABLE_TO),
    metavar="TOPIC",
    help="Publish to this topic rather than to where each original came from.",
)
@_BY
@_DRY_RUN
@_YES
@_FORMAT
@settings_options
def replay(
    settings: Settings,
    selection: Selection,
    ids: Ids,
    to: str | None,
    by: str | None,
    dry_run: bool,
    yes: bool,
    form: str,
) -> None:
    """Publish originals to the topics they came from, once what was wrong is mended.

    Bytes and key are those of the first time; a header numbers the attempt, so that another failure is a new
    letter with attempt 2. A letter counts as replayed only when the broker has acknowledged its original: after
    a crash it may be replayed again, which changes nothing, since everything is done once by its id.

    Not replayed, and said so with exit code 1: rows of imported files (mend the file and import it again),
    originals too large to have been kept whole, and values of compacted topics that are not the newest of
    their key any more.

    \b
    Example:
      listener dead replay 3@17 0@4 --by "K. Agent"
      listener dead replay --stage ledger --reason failed --dry-run
    """
    _check_use(ids, selection, dry_run, yes, {"--by": by})
    with _watched("letters read") as watch:
        planned = plan_replay(settings.kafka, watch(_named_or_selected(settings, ids, selection)), to)
    ready = [(letter.partition, letter.offset) for letter in planned if letter.obstacle is None]
    if dry_run:
        rows = [
            (letter_id(p.partition, p.offset), _safe(p.origin), p.topic, p.attempt, _safe(p.obstacle))
            for p in planned
        ]
        click.echo(format_rows(PLAN_COLUMNS, rows, form), nl=False)
        click.echo(f"{len(ready)} would be replayed, {len(planned) - len(ready)} cannot be", err=True)
        return
    replayed = 0
    if ready:
        with publisher(settings, "listener-dead") as out, _watched("letters replayed") as watch:
            letters = watch(read_named(settings.kafka, ready))
            replayed = replay_letters(letters, out, to=to, by=by or "", now=installation_time(settings))
    click.echo(f"replayed={replayed} not_replayed={len(planned) - replayed}")
    obstacles = [(letter_id(p.partition, p.offset), p.obstacle) for p in planned if p.obstacle is not None]
    if obstacles:
        raise ListenerError(_told(obstacles))


@command.command()
@_IDS
@_selection_options
@click.option(
    "--why",
    type=Words(10_000, empty=True),
    metavar="TEXT",
    help="Why nothing is to be done; goes to the audit. Needed but for a dry run.",
)
@_BY
@_DRY_RUN
@_YES
@_FORMAT
@settings_options
def drop(
    settings: Settings,
    selection: Selection,
    ids: Ids,
    why: str | None,
    by: str | None,
    dry_run: bool,
    yes: bool,
    form: str,
) -> None:
    """Say that nothing is to be done about letters: they are not shown any more.

    Nothing is deleted: until the retention of mentions.dead ends, `list --all` shows them and `replay --all`
    replays them nevertheless.

    \b
    Example:
      listener dead drop 3@17 --why "a test of ours" --by "K. Agent"
      listener dead drop --source old-forum --reason invalid --why "closed for good" --by "K. Agent" --yes
    """
    _check_use(ids, selection, dry_run, yes, {"--by": by, "--why": why})
    with _watched("letters read") as watch:
        letters = watch(_named_or_selected(settings, ids, selection))
        if dry_run:
            rows, count = _newest_rows(letters, None, TABLE_DETAIL if form == "table" else None)
            click.echo(format_rows(COLUMNS, rows, form), nl=False)
            click.echo(f"{count} would be dropped", err=True)
            return
        with publisher(settings, "listener-dead") as out:
            dropped = drop_letters(letters, out, why=why or "", by=by or "", now=installation_time(settings))
    click.echo(f"dropped={dropped}")


def _check_use(
    ids: Ids, selection: Selection, dry_run: bool, yes: bool, needed: dict[str, str | None]
) -> None:
    if ids and selection.narrows:
        raise UsageError("name letters by ids or by filters, not by both")
    if not ids and not selection.narrows:
        raise UsageError(
            "say which letters: ids, or a filter such as --stage ledger; `listener dead list` shows them"
        )
    if dry_run:
        return
    missing = [option for option, value in needed.items() if not (value or "").strip()]
    if missing:
        raise UsageError(f"{' and '.join(missing)} must be given: it goes to the audit")
    if not ids and not yes:
        raise UsageError("with filters, look at it with --dry-run first, then give --yes")


def _named_or_selected(settings: Settings, ids: Ids, selection: Selection) -> Iterator[Letter]:
    if not ids:
        return filter(selection.holds, read_letters(settings.kafka))
    wanted = dict.fromkeys(ids)
    # Whether all of them are there and open is known before anything is done about the first.
    resolved = [
        f"{letter.id} was {letter.resolution.resolution} by {letter.resolution.by}"
        for letter in read_named(settings.kafka, wanted)
        if letter.resolution and not selection.resolved
    ]
    if resolved:
        raise ListenerError(f"{'; '.join(map(neutral, resolved))}: --all does it nevertheless")
    return read_named(settings.kafka, wanted)


def _newest_rows(
    letters: Iterable[Letter], most: int | None, detail: int | None
) -> tuple[list[tuple[Any, ...]], int]:
    """Rows of the newest letters in order of time, and how many letters there are in all."""
    count = 0

    def counted() -> Iterator[tuple[tuple[datetime, int, int], tuple[Any, ...]]]:
        nonlocal count
        for letter in letters:
            count += 1
            yield (letter.why.at, letter.partition, letter.offset), _row(letter, detail)

    kept = sorted(counted()) if most is None else sorted(heapq.nlargest(most, counted()))
    return [row for _, row in kept], count


def _row(letter: Letter, detail: int | None) -> tuple[Any, ...]:
    why = letter.why
    return (
        letter.id,
        format_utc(why.at),
        letter.state,
        _safe(why.stage),
        _safe(why.source),
        _safe(why.reason),
        _safe(why.origin),
        why.size,
        why.attempt,
        shortened(neutral(why.detail), detail) if detail else neutral(why.detail),
    )


def _summary_row(group: Group) -> tuple[Any, ...]:
    return (
        _safe(group.stage),
        _safe(group.source),
        _safe(group.reason),
        group.letters,
        group.bytes,
        format_utc(group.oldest),
        format_utc(group.newest),
    )


def _safe(text: str | None) -> str | None:
    return None if text is None else neutral(text)


def _told(obstacles: Collection[tuple[str, str]]) -> str:
    """Obstacles in words, the same one once."""
    counts = Counter(obstacle for _, obstacle in obstacles)
    example = {obstacle: letter for letter, obstacle in reversed(list(obstacles))}
    lines = [
        f"{example[obstacle]}{f' and {number - 1} more' if number > 1 else ''}: {neutral(obstacle)}"
        for obstacle, number in counts.most_common(20)
    ]
    more = f"\nand {len(counts) - 20} others; --dry-run tells all" if len(counts) > 20 else ""
    return f"{len(obstacles)} not replayed\n" + "\n".join(lines) + more


@contextmanager
def _watched(what: str) -> Iterator[Callable[[Iterable[Letter]], Iterator[Letter]]]:
    """Counts on a terminal what goes by."""
    if not sys.stderr.isatty():
        yield iter
        return
    columns = (TextColumn("{task.completed} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def watch(letters: Iterable[Letter]) -> Iterator[Letter]:
            for letter in letters:
                bar.advance(task)
                yield letter

        yield watch
