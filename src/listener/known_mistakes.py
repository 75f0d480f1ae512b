"""Where a report learns how often root causes and links are wrong."""

from pathlib import Path

from listener.domain.errors import UsageError
from listener.models.in_use import SPEEDS, model_in_use
from listener.models.store import load_card
from listener.reports.mistakes import Mistakes, confusion_of, read_label_quality, read_match_quality
from listener.settings import Settings, read_text

TASK = "root-cause"


def known_mistakes(
    settings: Settings, label_quality: Path | None = None, match_quality: Path | None = None
) -> Mistakes | None:
    """From the files that are given; without one of labels, from the model in use, as it was cross-validated.

    Args:
        label_quality: what `listener evaluate root-cause` printed; match_quality: what `evaluate match` did.

    Returns:
        None where nothing is known of labels.

    Raises:
        UsageError: a file is not what it should be; or of links something is told, of labels nothing.
    """
    linkage = (
        None if match_quality is None else read_match_quality(read_text(match_quality), str(match_quality))
    )
    links = "links as right" if match_quality is None else f"the match as wrong as {match_quality.name} says"
    if label_quality is not None:
        confusion, checked = read_label_quality(read_text(label_quality), str(label_quality))
        told = f"with root causes as wrong as {label_quality.name} says, {links}"
        return Mistakes(confusion, linkage, told, checked)
    named = settings.config.models
    directory = None if named is None else settings.path(named)
    for speed in reversed(SPEEDS):
        path = None if directory is None else model_in_use(directory, TASK, speed)
        if path is None:
            continue
        card = load_card(path)
        if "confusion" in card.metrics:
            confusion = confusion_of(card.labels, card.metrics["confusion"], str(path))
            told = f"with the mistakes of {card.version} in cross-validation, {links}"
            return Mistakes(confusion, linkage, told)
    if linkage is not None:
        raise UsageError(
            "--match-quality: name --label-quality as well, or let a model of root causes be in use"
        )
    return None
