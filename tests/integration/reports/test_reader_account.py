"""What the reader's account can and cannot do, from outside, on the real engine."""

from typing import Any

import pytest
from clickhouse_driver.errors import ServerException

from listener.clickhouse.client import connect
from listener.clickhouse.migrate import migrate
from listener.domain.errors import Busy
from listener.domain.governance import Alert
from listener.examples import examples
from listener.kafka.quick_records import QuickRecord
from listener.reports.answer import Window
from listener.reports.root_causes import root_causes
from sinks.clickhouse.store_rows import ClickHouseSink

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def reader_url(clickhouse_server: Any) -> str:
    """URL of the reader's account, on the database that it may read."""
    migrate(clickhouse_server.url)
    return str(clickhouse_server.reader_url)


def test_the_report_and_every_view_can_be_selected_from(reader_url: str) -> None:
    client = connect(reader_url)
    root_causes(client, Window())
    client.execute("SELECT * FROM listener.root_causes(since = '2015-01-01', until = '2016-01-01')")
    views = client.execute(
        "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()"
    )
    assert "current_mentions" in dict(views)
    values = {"since": "2015-01-01", "until": "2016-01-01", "cause": "late", "one_of": "1"}
    for view, made_by in views:
        wanted = ", ".join(f"{name} = '{value}'" for name, value in values.items() if f"{{{name}:" in made_by)
        client.execute(f"SELECT * FROM listener.{view}{f'({wanted})' if wanted else ''} LIMIT 1")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO alerts (alert_id) SELECT 'x'",
        "ALTER TABLE mentions DELETE WHERE 1",
        "TRUNCATE TABLE mentions",
        "DROP VIEW current_mentions",
    ],
)
def test_the_reader_cannot_write(reader_url: str, statement: str) -> None:
    with pytest.raises(ServerException) as caught:
        connect(reader_url).execute(statement)
    assert caught.value.code in (164, 497)


def test_a_sink_with_the_readers_account_stores_nothing_and_says_why(reader_url: str) -> None:
    sink = ClickHouseSink(reader_url)
    sink.ping()
    prepared = sink.prepare([QuickRecord("alerts", 0, 0, 0, b"x", examples()[Alert].to_json(), ())])
    with pytest.raises(Busy, match="reader"):
        sink.store(prepared.content)
    assert connect(reader_url).execute("SELECT count() FROM alerts") == [(0,)]
