"""What is said of the views with parameters is what the real engine has."""

import pytest

from listener.clickhouse.client import connect
from listener.clickhouse.parameter_views import PARAMETER_VIEWS

pytestmark = pytest.mark.clickhouse

GIVEN = {"since": "2026-01-01", "until": "2026-02-01", "cause": "late", "one_of": "1"}


def test_every_view_with_parameters_and_each_of_its_columns_is_explained(database: str) -> None:
    client = connect(database)
    found = client.execute(
        "SELECT name, arrayMap(given -> tupleElement(given, 1), parameterized_view_parameters) AS names "
        "FROM system.tables WHERE database = currentDatabase() AND engine = 'View' AND notEmpty(names)"
    )
    there = {}
    for view, parameters in found:
        given = ", ".join(f"{name} = '{GIVEN[name]}'" for name in parameters)
        there[view] = sorted(parameters), [name for name, *_ in client.execute(f"DESCRIBE {view}({given})")]
    client.disconnect()
    told = {name: (sorted(view.parameters), list(view.columns)) for name, view in PARAMETER_VIEWS.items()}
    assert there == told
