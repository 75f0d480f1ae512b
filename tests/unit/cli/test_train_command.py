"""`listener train` and `listener evaluate` of texts, from file to figures."""

import csv
import json
from pathlib import Path

from click.testing import CliRunner

from labelled import complaints
from listener.cli.main import listener
from listener.domain.errors import UsageError


def run(*words: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(listener, words)
    told = str(found.exception) if isinstance(found.exception, UsageError) else found.stderr
    return found.exit_code, found.stdout, told


def labelled_file(directory: Path, count: int = 120, wrong_each: int | None = None) -> Path:
    """A file of texts; each so manieth has the wrong label."""
    examples = complaints(count)
    path = directory / f"labelled-{count}.csv"
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "is_complaint", "channel"])
        for number, (text, truth, channel) in enumerate(
            zip(examples.texts, examples.truth, examples.about["channel"], strict=True)
        ):
            wrong = wrong_each is not None and number % wrong_each == 0
            writer.writerow([text, int(truth) ^ wrong, channel])
    return path


def test_train_use_evaluate(tmp_path: Path) -> None:
    file = labelled_file(tmp_path)
    options = ("--data", str(file), "--text", "text", "--label", "is_complaint", "--by", "channel")
    models = str(tmp_path / "models")
    code, out, told = run("train", "complaint", *options, "--out", models, "--parts", "1")
    assert code == 0, told
    made = json.loads(out)
    assert made["in_use"]
    assert made["metrics"]["macro_f1"]["value"] > 0.9
    assert made["version"] in told
    code, out, told = run("evaluate", "complaint", *options, "--models", models)
    assert code == 0, told
    assert json.loads(out)["versions"][0] == made["version"]
    code, out, told = run("evaluate", "complaint", *options, "--format", "table")
    assert code == 0, told
    assert "true, found:" in out
    assert "\nchannel" in out


def test_a_model_that_does_worse_says_so_and_is_not_put_in_use(tmp_path: Path) -> None:
    models = tmp_path / "models"
    options = ("--text", "text", "--label", "is_complaint", "--out", str(models), "--parts", "1")
    code, _, told = run("train", "complaint", "--data", str(labelled_file(tmp_path)), *options)
    assert code == 0, told
    before = (models / "complaint/fast/in_use").read_text()
    code, out, told = run("train", "complaint", "--data", str(labelled_file(tmp_path, 200, 5)), *options)
    assert code == 0, told
    assert "WORSE than the one in use" in told
    assert "not put in use" in told
    assert not json.loads(out)["in_use"]
    assert (models / "complaint/fast/in_use").read_text() == before


def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text("text,label\nGood,yes\nBad,perhaps\n")
    options = ("train", "complaint", "--data", str(file), "--out", str(tmp_path / "models"), "--text", "text")
    assert run(*options, "--label", "label")[2].startswith(f"{file}:3: 'perhaps' is no label of complaint")
    assert "there is no column 'mood': text, label" in run(*options, "--label", "mood")[2]
    assert (
        "two different labels are needed" in run(*options, "--label", "label", "--rename", "perhaps=yes")[2]
    )
    assert run(*options, "--label", "label", "--rename", "perhaps")[0] == 2
    assert not (tmp_path / "models").exists()


def test_labels_must_be_root_causes(tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text("text,cause\nIt is late,Delivery\nIt rains,Weather\nHello,\n")
    taxonomy = tmp_path / "taxonomy.yaml"
    taxonomy.write_text(
        "nodes:\n  - {id: delivery, name: Delivery, owner: us, keywords: [late], examples: [still not here]}\n"
    )
    options = ("--data", str(file), "--text", "text", "--label", "cause", "--out", str(tmp_path / "models"))
    told = run("train", "root-cause", *options, "--taxonomy", str(taxonomy))[2]
    assert "no root cause with the id or name 'Weather'" in told
