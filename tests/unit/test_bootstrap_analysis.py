"""What goes wrong while a page of analysis is made is told with what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.bootstrap_analysis import StoredReports, window_of
from listener.clickhouse.client import translated
from listener.console.period import Period
from listener.domain.errors import ServiceError
from listener.domain.governance import ConfigInForce
from listener.reports.answer import EARLIEST, LATEST

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PERIOD = Period(datetime(2026, 1, 1, tzinfo=UTC), NOW)


class Failing:
    """A pool whose clients raise an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def execute(self, *_: Any, **__: Any) -> Any:
        raise self._error

    @contextmanager
    def client(self) -> Iterator["Failing"]:
        with translated("clickhouse://reader@127.0.0.1:9000/listener"):
            yield self


def reports(error: Exception) -> StoredReports:
    return StoredReports(Failing(error), dict, lambda: None, {})  # type: ignore[arg-type]  # it is asked for clients alone


def test_what_takes_too_long_says_what_to_do() -> None:
    with pytest.raises(ServiceError, match="choose fewer days"):
        reports(TimeoutError("timed out")).answer("goodwill", PERIOD)


def test_what_is_not_there_is_told_as_it_is() -> None:
    with pytest.raises(ServiceError, match="Is the server running") as told:
        reports(ConnectionRefusedError("refused")).heard()
    assert "fewer days" not in str(told.value)


def test_a_package_that_is_missing_is_named_with_its_extra() -> None:
    missing = ModuleNotFoundError("No module named 'scipy'", name="scipy")
    with pytest.raises(ServiceError, match=r"need scipy, .* pip install 'listener\[analysis\]'"):
        reports(missing).answer("goodwill", PERIOD)


def test_causes_have_the_names_of_the_taxonomy_in_force_where_kafka_answers() -> None:
    taxonomy = {"nodes": [{"id": "late", "name": "Late parcels", "owner": "o"}]}

    def config() -> Mapping[str, ConfigInForce]:
        return {"taxonomy": ConfigInForce(name="taxonomy", hash="h", content=taxonomy, at=NOW)}

    def fails() -> Mapping[str, ConfigInForce]:
        raise ServiceError("Kafka is away")

    pool: Any = Failing(TimeoutError())
    assert StoredReports(pool, config, lambda: None, {}).cause_names() == {"late": "Late parcels"}
    assert StoredReports(pool, dict, lambda: None, {}).cause_names() == {}
    assert StoredReports(pool, fails, lambda: None, {}).cause_names() == {}


def test_no_period_is_wider_than_clickhouse_can_hold() -> None:
    whole = window_of(Period(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)))
    assert (whole.since, whole.until) == (EARLIEST, LATEST)
