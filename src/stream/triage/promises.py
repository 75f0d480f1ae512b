"""What a company promises to those who wait in a queue: answers and resolutions within so much business time."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from listener.domain.document import Document
from listener.domain.mention import Channel
from stream.moments import HOUR_MS

ALWAYS_OPEN = "always"
"""The calendar that every policy has."""


def _by_channel(value: object) -> object:
    return {"default": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_fraction(value: object) -> object:
    return {"fraction": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


Hours = Annotated[float, Field(gt=0, le=24 * 366)]
Grace = Annotated[float, Field(ge=0, le=24 * 366)]
Targets = Annotated[dict[Channel | Literal["default"], Hours], BeforeValidator(_by_channel)]


class WarnAt(Document):
    """When a clock that still runs warns: after a part of its time, or so many hours before its end."""

    fraction: float | None = Field(default=None, gt=0, lt=1)
    hours_before: Hours | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.fraction is None) == (self.hours_before is None):
            raise ValueError("say either a fraction such as 0.75, or hours_before")
        return self

    def after_ms(self, whole_ms: int) -> int:
        """How much of a clock's time passes before it warns."""
        if self.fraction is not None:
            return round(whole_ms * self.fraction)
        return max(0, whole_ms - round((self.hours_before or 0) * HOUR_MS))


Warn = Annotated[WarnAt, BeforeValidator(_as_fraction)]


class Promises(Document):
    """The targets of a queue: hours by channel on its calendar, from the first contact in whatever channel."""

    calendar: str = ALWAYS_OPEN
    """Whose opening hours the targets, the warning and the grace are counted in."""
    response_target_hours: Targets
    """Until the first answer by a person."""
    next_response_target_hours: Targets | None = None
    """Until an answer to what comes after an answer; as for the first where nothing is said."""
    resolution_target_hours: Targets | None = None
    """Until it is resolved, declined or closed; no promise where nothing is said."""
    pause_while_waiting: bool = False
    """Whether the time in which we wait for the customer is left out of the resolution's."""
    warn_at: Warn | None = None
    """The policy's where nothing is said."""
    black_hole_grace_hours: Grace | None = None
    """The policy's where nothing is said."""

    @field_validator("response_target_hours", "next_response_target_hours", "resolution_target_hours")
    @classmethod
    def _has_default(cls, value: dict[str, float] | None) -> dict[str, float] | None:
        if value is not None and "default" not in value:
            raise ValueError("the channels that are not named need a default")
        return value

    def response_ms(self, channel: Channel, *, answered: bool) -> int:
        """Within how much opening time a contact in this channel is to be answered.

        Args:
            answered: whether a person has answered in this case before.
        """
        targets = self.response_target_hours
        if answered and self.next_response_target_hours is not None:
            targets = self.next_response_target_hours
        return _target_ms(targets, channel)

    def resolution_ms(self, channel: Channel) -> int | None:
        """Within how much opening time a case that began in this channel is to be resolved; None: whenever."""
        targets = self.resolution_target_hours
        return None if targets is None else _target_ms(targets, channel)


def _target_ms(targets: Targets, channel: Channel) -> int:
    hours = targets.get(channel)
    return round((targets["default"] if hours is None else hours) * HOUR_MS)
