"""Every query of docs/twenty-questions.md gives the answer that stands below it; the notebook beside it runs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client

from fixtures_database import with_database
from listener.cli.tables import format_rows
from listener.clickhouse.client import connect
from listener.clickhouse.migrate import migrate
from stored_company import make_company, store_company

pytestmark = pytest.mark.clickhouse

PAGE = Path(__file__).parents[3] / "docs" / "twenty-questions.md"
NOTEBOOK = PAGE.with_name("notebook.ipynb")
QUESTIONS = re.findall(
    r"^## (.*?)\n\n```sql\n(.*?)^```\n\n```text\n(.*?)^```",
    PAGE.read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)


@pytest.fixture(scope="module")
def client(clickhouse_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    directory: Path = tmp_path_factory.mktemp("company")
    url = with_database(clickhouse_server.url, "twenty_questions")
    migrate(url)
    store_company(url, directory, make_company(directory, 300, 60, 5), truly=True)
    client = connect(url)
    yield client
    client.execute("DROP DATABASE twenty_questions")
    client.disconnect()


def test_there_are_twenty() -> None:
    assert len(QUESTIONS) == 20


@pytest.mark.parametrize(("question", "query", "answer"), QUESTIONS, ids=[name for name, _, _ in QUESTIONS])
def test_the_answer_is_the_one_on_the_page(client: Client, question: str, query: str, answer: str) -> None:
    rows, columns = client.execute(query, with_column_types=True)
    assert format_rows([name for name, _ in columns], rows, "table") == answer


def test_the_notebook_runs_and_shows_these_views(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clickhouse_server: Any
) -> None:
    url = with_database(clickhouse_server.url, "twenty_questions")
    (tmp_path / ".listener").mkdir()
    (tmp_path / ".listener" / "endpoints.json").write_text(json.dumps({"clickhouse_reader": url}))
    monkeypatch.chdir(tmp_path)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    made: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), made)
    [(parties,)] = client.execute("SELECT uniqExact(party) FROM contacts WHERE has(causes, 'outage')")
    assert made["causes"].loc["outage", "parties"] == parties
    assert made["trend"].to_numpy().sum() >= made["causes"]["parties"].sum()
    assert len(made["waits"]) == client.execute("SELECT count() FROM waits")[0][0]
    made["client"].disconnect()
