from datetime import UTC, datetime

import pytest

from listener.console_figures import Heard
from listener.console_sources import source_now
from listener.domain.connector_state import Cursor
from listener.settings import SourceConfig

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HEARD = Heard("rss", NOON, 1, 2, 3)
CURSOR = Cursor(source="forum", position={}, at=NOON, heard_at=NOON)
RSS = SourceConfig(kind="rss", lawful_basis="legitimate_interests", silence_hours=2)


@pytest.mark.parametrize(
    ("config", "heard", "standing", "state"),
    [
        (RSS, HEARD, {}, "well"),
        (RSS, None, {}, "never heard"),
        (None, HEARD, {}, "not configured"),
        (RSS, HEARD, {("forum", "silent_source"): "for 2 hours"}, "silent"),
        (RSS, HEARD, {("forum", "silent_source"): "a", ("forum", "dead_letters"): "b"}, "paused"),
        (RSS, HEARD, {("other", "dead_letters"): "b"}, "well"),
    ],
)
def test_how_a_source_is(
    config: SourceConfig | None, heard: Heard | None, standing: dict[tuple[str, str], str], state: str
) -> None:
    found = source_now("forum", config, heard, None, standing, dead=0)
    assert (found.state, found.kind, found.page) == (state, "rss", "rss")


def test_what_is_known_of_it() -> None:
    found = source_now("forum", RSS, None, CURSOR, {}, dead=4)
    assert (found.heard_at, found.read_at, found.total, found.dead) == (NOON, NOON, 0, 4)
    assert found.lawful_basis == "legitimate interests"
    own = source_now("x", SourceConfig(kind="of-another-package"), None, None, {}, dead=0)
    assert own.page is None
