"""What cannot work is said before Kafka is asked for anything."""

from pathlib import Path

import pytest

from listener.connectors.connector import Source
from listener.connectors.import_file import ImportPlan, plan_import
from listener.domain.errors import UsageError
from listener.times import parse_zone

SOURCE = Source("s", "k", historical=True)
MAPS = ["id=id", "text=text", "occurred_at=at"]


def _plan(path: Path, content: str, *maps: str, source: Source = SOURCE) -> ImportPlan:
    path.write_text(content)
    return plan_import(path, source, maps=[*MAPS, *maps])


def test_naive_times_name_the_option_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    naive = "id,text,at\n1,a,2026-01-01 10:00\n2,b,2026-01-02 10:00\n"
    with pytest.raises(
        UsageError, match=r"a\.csv:2: occurred_at: a time without zone; say which with --zone"
    ):
        _plan(path, naive)
    _plan(path, naive, source=Source("s", "k", zone=parse_zone("Europe/Berlin")))


def test_one_naive_time_among_others_is_the_matter_of_its_row(tmp_path: Path) -> None:
    _plan(tmp_path / "a.csv", "id,text,at\n1,a,2026-01-01 10:00\n2,b,2026-01-02T10:00:00Z\n")


def test_unclear_dates_name_the_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--dates day-first or --dates month-first"):
        _plan(tmp_path / "a.csv", "id,text,at\n1,a,02/03/2026\n")


def test_a_missing_column_lists_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"no column autor \(did you mean author\?\); columns: id, text, at, author"
    ):
        _plan(tmp_path / "a.csv", "id,text,at,author\n", "author=autor")
    with pytest.raises(UsageError, match=r"no column user\.nam \(did you mean user\.name\?\)"):
        _plan(
            tmp_path / "a.jsonl", '{"id": 1, "text": "", "at": "", "user": {"name": ""}}\n', "author=user.nam"
        )


def test_a_name_that_occurs_late_in_a_json_file_is_found(tmp_path: Path) -> None:
    row = '{"id": 1, "text": "a", "at": "2026-01-01T00:00:00Z"}\n'
    late = '{"id": 2, "text": "a", "at": "2026-01-01T00:00:00Z", "reply": {"to": 1}}\n'
    plan = _plan(tmp_path / "a.jsonl", row * 500 + late, "reply_to=reply.to")
    assert plan.fields.columns["reply_to"].column == "reply.to"


def test_an_import_is_known_by_source_content_and_mapping(tmp_path: Path) -> None:
    content = "id,text,at,who\n1,a,2026-01-01T00:00:00Z,ann\n"
    key = _plan(tmp_path / "a.csv", content).key
    assert _plan(tmp_path / "moved.csv", content).key == key
    others = {
        _plan(tmp_path / "a.csv", content + "\n").key,
        _plan(tmp_path / "a.csv", content, "author=who").key,
        _plan(tmp_path / "a.csv", content, source=Source("s", "k")).key,
        _plan(tmp_path / "a.csv", content, source=Source("t", "k", historical=True)).key,
    }
    assert len(others | {key}) == 5
