"""`listener match` and `listener evaluate match`: files in, whose they are out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from listener.cli.evaluate_match import command as evaluate
from listener.cli.match_command import command as match
from listener.evaluation.match import upper_bound
from stream.enrichment.match_rules import read_weights, usual_weights

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
    absent = found["open"]["false_links_of_absent"]
    assert (absent["of"], absent["at_most"]) == (40, pytest.approx(1 - 0.05 ** (1 / 40)))
    again = [*asked, "--data", asked[1], "--splits", "3", "--weights", str(tmp_path / "weights.yaml")]
    found = json.loads(CliRunner().invoke(evaluate, again, catch_exceptions=False).stdout)
    assert found["open"]["false_links_of_absent"]["of"] == 240
    weights = read_weights((tmp_path / "weights.yaml").read_text(), "weights.yaml")
    assert weights.fields["date_of_birth"].m[-1] > 0.9
    table = CliRunner().invoke(evaluate, [*asked, "--format", "table"], catch_exceptions=False).stdout
    head = ["set", "measure", "value", "from", "to", "hits", "of", "at", "most"]
    assert table.splitlines()[0].split() == head


@pytest.mark.parametrize(("hits", "of", "most"), [(0, 30_000, 0.0000999), (1, 30_000, 0.000158), (7, 7, 1.0)])
def test_what_so_few_hits_do_not_speak_against(hits: int, of: int, most: float) -> None:
    assert upper_bound(hits, of) == pytest.approx(most, rel=1e-2)


def test_weights_are_estimated_from_authors_and_customers(tmp_path: Path) -> None:
    people = [(f"Gi{number}ven Fa{number * 7}mily", f"Town{number % 20}") for number in range(60)]
    rows = [f"C{number},{name},{place}" for number, (name, place) in enumerate(people)]
    (tmp_path / "customers.csv").write_text("\n".join(["customer_id,names,places", *rows]) + "\n")
    said = [
        {"text": "Hello", "author": f"net:{number}", "contactable": {"name": name, "place": place}}
        for number, (name, place) in enumerate(people)
    ]
    asked = ["--customers", str(tmp_path / "customers.csv"), "--estimate", str(tmp_path / "weights.yaml")]
    lines = "\n".join(map(json.dumps, said))
    assert CliRunner().invoke(match, asked, input=lines, catch_exceptions=False).exit_code == 0
    weights = read_weights((tmp_path / "weights.yaml").read_text(), "weights.yaml")
    assert weights.fields["surname"].m[-1] > 0.9
    phone = usual_weights().fields["phone"]
    assert weights.fields["phone"].m == pytest.approx(phone.m, rel=1e-4), "nobody told one"
    assert weights.fields["phone"].u == pytest.approx(phone.u, rel=1e-4)
    done = CliRunner().invoke(match, [*asked, "--exact"], input=lines)
    assert "nothing to weigh" in str(done.exception)


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("rec_id,surname,dob\n1,Smith,19800101\n")
    done = CliRunner().invoke(evaluate, ["--data", str(path)])
    assert "no id of FEBRL's" in str(done.exception)
