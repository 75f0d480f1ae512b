"""The model card as a page: what a model is for, how right it is, where not (M. Mitchell et al., "Model Cards for
Model Reporting", 2019)."""

from typing import Any

from listener.models.card import Card
from listener.training.metrics import COVERAGE

CONFUSION = "confusion.svg"
PAGE = "card.md"
_USES = {
    "complaint": "Tells whether a customer's words are a complaint.",
    "sentiment": "Tells whether a text is negative, neutral or positive.",
    "root-cause": "Tells which of the company's root causes a text is about, or none of them.",
    "language": "Tells the language of a text.",
}
_HOW = (
    "Figures are cross-validated: every text was judged by a model that had not seen it or its like, and whose "
    "hyperparameters, calibration and thresholds were chosen without it. In brackets 95 % intervals."
)
_LIMITS = (
    "It knows the words of the examples. Texts from another company, channel or year are judged worse than these "
    "figures say; `listener evaluate` measures it on your own."
)


def card_page(card: Card) -> str:
    """The page in Markdown; no text of the examples is in it."""
    metrics, data = card.metrics, card.data
    named = metrics["named"]
    lines = [
        f"# {card.version}",
        "",
        f"{_USES[card.task]} A {card.speed} model of the kind `{card.kind}`.",
        "",
        f"- trained: {card.created_at:%Y-%m-%d %H:%M} UTC",
        f"- on: `{data['file']}`, column `{data['text']}`, labels `{data['label']}`",
        f"- texts: {data['rows']}, of them {data['different_texts']} different ones; {data['left_out']} left out",
        "",
        _HOW,
        "",
        "| figure | value |",
        "| --- | --- |",
        f"| macro-F1 | {_figure(metrics['macro_f1'])} |",
        f"| accuracy | {_figure(metrics['accuracy'])} |",
        f"| calibration error | {_figure(metrics['calibration_error'])} |",
        f"| accuracy of the surest {COVERAGE:.0%} | {_figure(metrics['accuracy_at_coverage'])} |",
    ]
    if recalled := metrics.get("recall_at_precision"):
        told = f"recall of {recalled['label']} at precision {recalled['precision']}"
        lines.append(f"| {told} | {_figure(recalled)} |")
    if card.least > 0:
        lines.append(
            f"| named with probability {card.least:.2f} or more | {named['share']:.0%}, of which "
            f"{named['accuracy']:.0%} right |"
        )
    lines += ["", "| label | texts | precision | recall |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {label} | {of['texts']} | {of['precision']:.3f} | {of['recall']:.3f} |"
        for label, of in metrics["labels"].items()
    ]
    for column, groups in metrics["by"].items():
        lines += ["", f"| {column} | texts | macro-F1 | accuracy |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {name} | {of['texts']} | {_figure(of['macro_f1'])} | {of['accuracy']:.3f} |"
            for name, of in groups.items()
        ]
    lines += [
        "",
        f"![How often each label was taken for which]({CONFUSION})",
        "",
        _LIMITS,
        "",
    ]
    return "\n".join(lines)


def _figure(figure: dict[str, Any]) -> str:
    if "interval" not in figure:
        return f"{figure['value']:.3f}"
    low, high = figure["interval"]
    return f"{figure['value']:.3f} ({low:.3f} to {high:.3f})"
