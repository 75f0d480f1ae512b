"""What models can be trained for: the labels of each task, and how people write them in their files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from listener.domain.enriched import NO_CAUSE
from listener.domain.errors import UsageError

COMPLAINT, OTHER = "complaint", "other"
_CODE = re.compile(r"[a-z]{2,3}")
_MOST_LABEL = 100
"""Characters of a label at most."""


@dataclass(frozen=True)
class Task:
    """One kind of judgement.

    Attributes:
        name: as on the command line.
        labels: all there are; empty where the file's own labels are meant.
        written: how else they are written, in lower case, to the label.
        positive: the label whose precision and recall matter most, if there is one.
        none: the label that stands for none of the others, if there is one.
    """

    name: str
    labels: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    positive: str | None = None
    none: str | None = None

    def label(self, text: str) -> str:
        """The label that a file's text stands for.

        Raises:
            UsageError: there is no such label; the text names those there are.
        """
        given = " ".join(text.split())
        label = self.written.get(given.lower(), given if not self.labels else given.lower())
        if self.labels and label not in self.labels:
            other = ", ".join(sorted({*self.labels, *self.written}))
            raise UsageError(f"{text!r} is no label of {self.name}: {other}")
        if self.name == "language" and not _CODE.fullmatch(label):
            raise UsageError(f"{text!r} is no language: a code of ISO 639 such as en or hi is expected")
        if not label or len(label) > _MOST_LABEL:
            raise UsageError(f"a label has 1 to {_MOST_LABEL} characters")
        return label


_SENTIMENTS = ("negative", "neutral", "positive")
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "complaint",
            (OTHER, COMPLAINT),
            dict.fromkeys(("1", "yes", "true", "y"), COMPLAINT)
            | dict.fromkeys(("0", "no", "false", "n", "not complaint", "no complaint"), OTHER),
            positive=COMPLAINT,
        ),
        Task(
            "sentiment",
            _SENTIMENTS,
            {label[:3]: label for label in _SENTIMENTS} | {"-": "negative", "+": "positive"},
            positive="negative",
        ),
        Task("root-cause", written=dict.fromkeys(("", "none", "other", "-"), NO_CAUSE), none=NO_CAUSE),
        Task("language"),
    )
}
"""Task to what it is."""
