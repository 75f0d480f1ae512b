"""docs/quality.md from what `bench.quality` measured."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.quality_match import match_part

Row = Mapping[str, Any]


class Goal(NamedTuple):
    """A figure that is to be reached.

    Attributes:
        row: which row's.
        path: where in it, words with dots between.
        must, aim: None where there is none. A must is met within one standard error of the folds.
        lower: whether less is better.
    """

    row: str
    what: str
    data: str
    path: str
    must: float | None
    aim: float | None
    lower: bool = False
    error: str | None = None
    baseline: str | None = None


_RULES, _FOLDS = "baseline", "folds.standard_error"
_ACL, _AIR, _BANK = "complaints_acl2019", "airline_tweets", "banking77"
GOALS = (
    Goal(
        "complaint",
        "complaint, macro-F1",
        _ACL,
        "macro_f1",
        0.81,
        0.82,
        error=_FOLDS,
        baseline="baseline",
    ),
    Goal("complaint", "complaint, calibration error", _ACL, "calibration_error", 0.03, None, lower=True),
    Goal("complaint", "companies' domains alone, macro-F1", _ACL, "brands.macro_f1", None, 0.78),
    Goal(
        "complaint",
        "the same, each by a model of the others",
        _ACL,
        "leave_one_domain_out.macro_f1",
        None,
        None,
    ),
    Goal("complaint", "the same, by a model of all texts", _ACL, "general_on_brands.macro_f1", None, None),
    Goal(
        "sentiment",
        "sentiment, macro-F1",
        _AIR,
        "macro_f1",
        0.762,
        0.77,
        error=_FOLDS,
        baseline="baseline",
    ),
    Goal("sentiment", "recall of negatives at precision 0.85", _AIR, "recall_at_precision", 0.93, 0.945),
    Goal("sentiment", "sentiment, calibration error", _AIR, "calibration_error", 0.03, None, lower=True),
    Goal("reason", "root cause, macro-F1", _AIR, "macro_f1", 0.53, None, error=_FOLDS),
    Goal("reason", "accuracy of the surest 70 %", _AIR, "accuracy_at_coverage", None, None),
    Goal("reason", "root cause, calibration error", _AIR, "calibration_error", None, None, lower=True),
    Goal("banking", "77 intents, accuracy", _BANK, "accuracy", 0.91, None, error=_FOLDS),
    Goal("banking", "77 intents, macro-F1", _BANK, "macro_f1", None, None),
)
ACCURATE_GOALS = (
    Goal("complaint_accurate", "complaint, macro-F1", _ACL, "macro_f1", 0.86, 0.88, error=_FOLDS),
    Goal(
        "complaint_accurate",
        "complaint, calibration error",
        _ACL,
        "calibration_error",
        0.03,
        None,
        lower=True,
    ),
    Goal("brands_accurate", "companies' domains alone, macro-F1", _ACL, "brands.macro_f1", None, 0.82),
    Goal(
        "domains_accurate",
        "the same, each by a model of the others",
        _ACL,
        "leave_one_domain_out.macro_f1",
        None,
        None,
    ),
    Goal(
        "complaint_accurate",
        "the same, by a model of all texts",
        _ACL,
        "general_on_brands.macro_f1",
        None,
        None,
    ),
    Goal("sentiment_accurate", "sentiment, macro-F1", _AIR, "macro_f1", 0.771, 0.79, error=_FOLDS),
    Goal(
        "sentiment_accurate",
        "recall of negatives at precision 0.85",
        _AIR,
        "recall_at_precision",
        0.93,
        0.945,
    ),
    Goal("reason_accurate", "root cause, macro-F1", _AIR, "macro_f1", 0.556, 0.58, error=_FOLDS),
    Goal("reason_accurate", "accuracy of the surest 70 %", _AIR, "accuracy_at_coverage", 0.75, 0.77),
    Goal("banking_accurate", "77 intents, accuracy", _BANK, "accuracy", None, 0.94),
)
_HEAD = """# How right it is

Measured by `python -m bench.quality` on public data that nobody on this project wrote (`../shared/data` beside the
checkout; which sets these are says its README). Their rows are not part of the repository, and neither are models
trained on them. This page is written by that command.

Figures of trained models are cross-validated in five parts: each text is judged by a model that saw neither it
nor its like, and whose hyperparameters, calibration and weights of labels were chosen by another cross-validation
inside the other four parts. In brackets 95 % intervals, by the bootstrap over texts. A must counts as met within
one standard error of the five parts. The baseline is what ships untrained: rules for complaints, VADER for
sentiment; where the language is not taken for English it says nothing, which counts as missed.

## Fast models

These are what `listener train TASK` makes without more ([models](models.md)): logistic regression over words,
pairs of words, pieces of words, and how a text is written.
"""


def page(rows: Mapping[str, Row]) -> str:
    """The page in Markdown."""
    parts = [_HEAD, _goals(rows, GOALS), _short(rows, GOALS, "; the ways below were tried")]
    if any(goal.row in rows for goal in ACCURATE_GOALS):
        parts += [_ACCURATE, _goals(rows, ACCURATE_GOALS), _short(rows, ACCURATE_GOALS, "")]
    if "match" in rows:
        parts.append(match_part(rows["match"]))
    if "complaint" in rows:
        parts.append(_COMPLAINT + _by("domain", rows["complaint"]["by"]["domain"]))
    if "ways" in rows:
        parts.append(_ways(rows["ways"]["ways"]))
    if "speed" in rows:
        parts.append(_speed(rows["speed"], rows.get("speed_accurate", {})))
    return "\n".join(parts)


_ACCURATE = """## Accurate models

`listener train TASK --kind encoder`: an encoder of sentences beside the fast model. Complaints are few enough
that the encoder itself is tuned in each fold; of more than 5,000 texts it stays as it is and a regression reads
it. Calibration rests on an eighth of each fold's texts, which the encoder did not learn from.
"""
_COMPLAINT = """## Complaints by domain

Random tweets and replies, two fifths of the set, are the easy ones: few are complaints, so that accuracy is high,
and macro-F1 over so few says little. A model that is trained on the companies' domains alone does better on these
than one that learnt to tell them from random tweets as well: train on what your customers write. The domains below
are by the model of all texts.

"""


def _goals(rows: Mapping[str, Row], goals: Sequence[Goal]) -> str:
    lines = [
        "| task | data | texts | figure | baseline | must | aim |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for goal in goals:
        if goal.row not in rows:
            continue
        row = rows[goal.row]
        figure = _at(row, goal.path)
        texts = _at(row, goal.path.rpartition(".")[0])["texts"]
        slack = _slack(row, goal)
        baseline = "" if goal.baseline is None else f"{_at(row, goal.baseline)['value']:.3f}"
        must = _reached(figure["value"], goal.must, goal.lower, slack)
        aim = _reached(figure["value"], goal.aim, goal.lower, 0.0)
        lines.append(
            f"| {goal.what} | {goal.data} | {texts} | {_told(figure)} | {baseline} | {must} | {aim} |"
        )
    return "\n".join(lines) + "\n"


def _reached(value: float, wanted: float | None, lower: bool, slack: float) -> str:
    if wanted is None:
        return ""
    return f"{wanted:g}: {'met' if _met(value, wanted, lower, slack) else 'missed'}"


def _met(value: float, wanted: float, lower: bool, slack: float) -> bool:
    return value <= wanted + slack if lower else value >= wanted - slack


def _slack(row: Row, goal: Goal) -> float:
    """The standard error within which a must is met."""
    return 0.0 if goal.error is None else float(_at(row, goal.error))


def _ways(ways: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        "## Ways tried",
        "",
        "Each way alone, on complaints. `listener train` chooses among these inside the folds, support vectors",
        "where labels are many.",
        "",
        "| way | macro-F1 | calibration error |",
        "| --- | --- | --- |",
    ]
    for name, of in ways.items():
        lines.append(f"| {name} | {_told(of['macro_f1'])} | {_told(of['calibration_error'])} |")
    return "\n".join(lines) + "\n"


def _short(rows: Mapping[str, Row], goals: Sequence[Goal], tried: str) -> str:
    """What is not reached, by name."""
    missed = [
        f"- {goal.what} ({goal.data}): {figure['value']:.4f}, {word} {wanted:g}{tried}."
        for goal in goals
        if goal.row in rows
        for figure in [_at(rows[goal.row], goal.path)]
        for word, wanted, slack in [("must", goal.must, _slack(rows[goal.row], goal)), ("aim", goal.aim, 0.0)]
        if wanted is not None and not _met(figure["value"], wanted, goal.lower, slack)
    ]
    return "\n".join(["Short of what is wanted:", "", *missed, ""]) if missed else ""


def _speed(row: Row, accurate: Row) -> str:
    slow = (
        f"| an accurate complaint model, text by text | {accurate['accurate_model']:,} | 200 | |\n"
        if accurate
        else ""
    )
    return f"""## Speed

Tweets to airlines in batches of 500; customers are not matched in this.

| what | texts for a second of one core | must | aim |
| --- | --- | --- | --- |
| the fast complaint model, its features with it | {row["complaint_model"]:,} | 3,000 | |
| all steps, with fast models for complaint, sentiment and root cause | {row["chain_trained"]:,} | 600 | 1,200 |
| all steps, by rules alone | {row["chain_rules"]:,} | 2,000 | 3,000 |
{slow}"""


def _by(column: str, groups: Mapping[str, Any]) -> str:
    lines = [f"| {column} | texts | macro-F1 | accuracy |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {of['texts']} | {_told(of['macro_f1'])} | {of['accuracy']:.3f} |"
        for name, of in groups.items()
    ]
    return "\n".join(lines) + "\n"


def _told(figure: Mapping[str, Any]) -> str:
    value = f"{figure['value']:.3f}"
    if "interval" not in figure:
        return value
    low, high = figure["interval"]
    return f"{value} ({low:.3f} to {high:.3f})"


def _at(row: Row, path: str) -> Any:
    found: Any = row
    for part in path.split(".") if path else ():
        found = found[part]
    return found
