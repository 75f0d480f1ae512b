"""What a model says of itself: the file ``card.json`` beside its arrays."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from listener.domain.errors import UsageError

Speed = Literal["fast", "accurate"]
FORMAT = 1
"""Of the directory; a reader refuses what is newer."""


class Calibration(BaseModel):
    """How a model's scores become probabilities that mean what they say; see `calibration`.

    Attributes:
        method: ``none``; ``temperature``, scores divided by `values[0]` before the softmax (C. Guo et al., "On
            Calibration of Modern Neural Networks", 2017); ``platt``, for two labels, `values` slope and
            intercept on the log-odds of the second (J. Platt, 1999).
    """

    model_config = ConfigDict(frozen=True)

    method: Literal["none", "temperature", "platt"] = "none"
    values: tuple[float, ...] = ()


class Card(BaseModel):
    """Everything about a model but its numbers.

    Attributes:
        kind: what reads it: a key of `store.KINDS`.
        task: a key of `tasks.TASKS`.
        speed: ``fast`` judges every text; ``accurate`` what the fast one is unsure of.
        labels: the columns of its probabilities, sorted or in the task's order.
        version: task, kind and a hash of the content; what stands on each mention that it judged.
        created_at: when it was trained, UTC.
        calibration: applied already to what `probabilities` gives.
        weights: what each label's probability is multiplied by before the likeliest is named, so that rare labels
            are not passed over; see `decide`. Empty for one each.
        least: probability below which no label is named ("none of these", or unsure).
        also: probability from which a label that is not the likeliest is named as well.
        settings: what its kind needs to read it, and the hyperparameters that were chosen.
        data: what it was trained on: name and SHA-256 of the file, columns, rows by label. Never a text.
        metrics: cross-validated, hyperparameters chosen inside the folds; see docs/models.md.
    """

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    kind: str
    task: str
    speed: Speed = "fast"
    labels: tuple[str, ...] = Field(min_length=2)
    version: str = ""
    created_at: datetime
    calibration: Calibration = Calibration()
    weights: tuple[float, ...] = ()
    least: float = Field(default=0.0, ge=0, le=1)
    also: float = Field(default=1.0, ge=0, le=1)
    settings: dict[str, Any] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _labels_are_different(self) -> "Card":
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("a label stands twice")
        if self.weights and len(self.weights) != len(self.labels):
            raise ValueError("there is to be one weight for each label")
        return self


def read_card(text: str, name: str) -> Card:
    """Reads a card.

    Args:
        name: of the file, for messages.

    Raises:
        UsageError: it is none, or of a newer format.
    """
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name}: {place}: {first['msg']}") from None
    if card.format > FORMAT:
        raise UsageError(f"{name}: format {card.format} is newer than this program reads ({FORMAT})")
    return card
