"""How each source is, put together from the configuration, its connector's place, what was heard, and alerts."""

from collections.abc import Mapping

from listener.console.sources import SourceNow, State
from listener.console_figures import Heard
from listener.domain.connector_state import Cursor
from listener.domain.errors import Rejected
from listener.domain.topics import CURSORS
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.manual import has_page
from listener.settings import SourceConfig

PAGE_OF: dict[str, str] = {"form": "feedback-form"}
"""Kind to its page of the manual, where that has another name."""
SIMULATED = "sim-"
"""What the kinds of the simulated company's sources begin with."""


def read_cursors(connection: KafkaConnection) -> dict[str, Cursor]:
    """How far each source was read.

    Raises:
        ServiceError: Kafka is not there.
    """
    found: dict[str, Cursor] = {}
    for record in read_whole(connection, CURSORS.name):
        try:
            cursor = Cursor.read(record.value or b"")
        except Rejected:
            continue
        found[cursor.source] = cursor
    return found


def source_now(
    name: str,
    config: SourceConfig | None,
    heard: Heard | None,
    cursor: Cursor | None,
    standing: Mapping[tuple[str, str], str],
    dead: int,
) -> SourceNow:
    """A source as it is.

    Args:
        config: None where it is not configured.
        standing: see `standing_of_sources`.
        dead: its open dead letters.
    """
    state, why = _state(name, config, heard, standing)
    kind = config.kind if config else heard.kind if heard else ""
    page = "simulator" if kind.startswith(SIMULATED) else PAGE_OF.get(kind, kind)
    return SourceNow(
        name=name,
        kind=kind,
        state=state,
        why=why,
        heard_at=heard.last_at if heard else cursor.heard_at if cursor else None,
        read_at=cursor.at if cursor else None,
        last_hour=heard.last_hour if heard else 0,
        last_day=heard.last_day if heard else 0,
        total=heard.total if heard else 0,
        dead=dead,
        silence_hours=config.silence_hours if config else None,
        lawful_basis=config.lawful_basis.replace("_", " ") if config and config.lawful_basis else None,
        page=page if kind and has_page(page) else None,
    )


def _state(
    name: str, config: SourceConfig | None, heard: Heard | None, standing: Mapping[tuple[str, str], str]
) -> tuple[State, str | None]:
    if paused := standing.get((name, "dead_letters")):
        return "paused", paused
    if silent := standing.get((name, "silent_source")):
        return "silent", silent
    if config is None:
        return "not configured", None
    if heard is None:
        return "never heard", f"`listener connect {name} --check` reads it once, where it is read."
    return "well", None
