"""`listener match` and `listener evaluate match`: files in, whose they are out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from listener.cli.evaluate_match import command as evaluate
from listener.cli.match_command import command as match

CUSTOMERS = "customer_id,names,emails,references,place\nC1,Ann Smith,ann@example.org,ORD-12 345,Leeds\n"


def test_by_address_and_by_a_number_in_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("listener.yaml").write_text("matching:\n  references: ['ord-\\d{2} ?\\d{3}']\n")
    Path("customers.csv").write_text(CUSTOMERS)
    lines = [
        {"text": "Hello", "contactable": {"email": "Ann@Example.org"}},
        {"text": "where is ord-12345?"},
        {"text": "I am Ann Smith", "author_name": "Ann Smith"},
    ]
    text = "\n".join(map(json.dumps, lines))
    done = CliRunner().invoke(match, ["--customers", "customers.csv"], input=text, catch_exceptions=False)
    found = [json.loads(line)["match"] for line in done.stdout.splitlines()]
    assert [(one["status"], one["method"]) for one in found] == [
        ("matched", "email"),
        ("matched", "reference"),
        ("unknown", "none"),
    ]
    assert done.exit_code == 0


def febrl(directory: Path) -> Path:
    rows = ["rec_id, given_name, surname, suburb, date_of_birth, soc_sec_id"]
    for number in range(40):
        who = f"name{number:02}x, family{number * 7:03}y, town{number % 7}"
        told = f"{who}, 19{number + 10}0101, {number * 98765 + 1000000}"
        rows += [f"rec-{number}-org, {told}", f"rec-{number}-dup-0, {told.replace('family', 'famly')}"]
    path = directory / "people.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_precision_recall_and_false_links(tmp_path: Path) -> None:
    asked = ["--data", str(febrl(tmp_path))]
    found = json.loads(CliRunner().invoke(evaluate, asked, catch_exceptions=False).stdout)
    assert found["closed"]["precision"]["value"] == 1
    assert found["closed"]["recall"]["value"] == 1
    assert found["open"]["false_links_of_absent"]["hits"] == 0
    assert found["open"]["false_links_of_absent"]["of"] == 20
    table = CliRunner().invoke(evaluate, [*asked, "--format", "table"], catch_exceptions=False).stdout
    assert table.splitlines()[0].split() == ["set", "measure", "value", "from", "to", "hits", "of"]


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("rec_id,surname,dob\n1,Smith,19800101\n")
    done = CliRunner().invoke(evaluate, ["--data", str(path)])
    assert "no id of FEBRL's" in str(done.exception)
