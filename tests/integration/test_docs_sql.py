"""Every query in the docs runs on the real engine without writing, and the views that it names exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client

from listener.clickhouse.client import connect

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "analysts.md"
TEXTS = [
    page.read_text(encoding="utf-8") for page in (PAGE, DOCS / "policy-levels.md", DOCS / "report-columns.md")
]
QUERIES = [
    query
    for text in TEXTS
    for query in re.findall(r"^```sql\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
]

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def client(database: str) -> Iterator[Client]:
    """An empty installation's database."""
    client = connect(database, settings={"readonly": 1})
    yield client
    client.disconnect()


def test_there_are_queries() -> None:
    assert len(QUERIES) > 5


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.split("\n")[0][:40])
def test_every_query_runs(query: str, client: Client) -> None:
    client.execute(query)


def test_every_view_that_is_named_exists_and_every_view_is_named(client: Client) -> None:
    text = PAGE.read_text(encoding="utf-8")
    listed = re.findall(r"^\| (`.*?) \|", text, flags=re.MULTILINE)
    named = {name for cell in listed for name in re.findall(r"`(\w+)[`(]", cell)}
    views = client.execute(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
    )
    assert named == {name for (name,) in views}


def test_the_columns_that_the_docs_explain_exist(client: Client) -> None:
    described = client.execute("DESCRIBE TABLE contacts")
    assert {
        "sentiment",
        "complaint",
        "need",
        "copy_of",
        "causes",
        "model_versions",
        "party",
        "historical",
        "followers",
        "likes",
        "reposts",
        "verified_author",
    } <= {row[0] for row in described}
