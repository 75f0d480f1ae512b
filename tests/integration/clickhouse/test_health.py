"""What is told about a ClickHouse that answers."""

from pathlib import Path

import pytest

from listener.clickhouse.client import connect
from listener.health import Finding, check_clickhouse

pytestmark = pytest.mark.clickhouse


def test_parts_that_were_set_aside_as_broken_are_named_with_what_to_do(own_database: str) -> None:
    assert check_clickhouse(own_database) == Finding("ClickHouse", True, "answers, its schema is up to date")
    client = connect(own_database)
    [[[place]]] = client.execute(
        "SELECT data_paths FROM system.tables WHERE database || name = currentDatabase() || 'fixes'"
    )
    for number in range(7):
        (Path(place) / "detached" / f"broken-on-start_all_{number}_{number}_0").mkdir(parents=True)
    found = check_clickhouse(own_database)
    client.disconnect()
    assert found.well
    assert "broken-on-start_all_0_0_0 of fixes, " in found.text
    assert "broken-on-start_all_4_4_0 of fixes and 2 more. " in found.text
    assert "`listener rewind clickhouse`" in found.text
