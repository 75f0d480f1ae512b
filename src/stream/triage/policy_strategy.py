"""What a company decided about its segments and about reach: off by default, and a reason wherever it is used."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from listener.domain.document import Document

Points = Annotated[int, Field(ge=-100, le=100)]


class SegmentRules(Document):
    """What it means that a customer is in a segment."""

    priority: Points


class FollowersStep(Document):
    """From so many followers on."""

    at_least: int = Field(ge=1)
    priority: Points

    @property
    def rule(self) -> str:
        """What an auditor counts."""
        return f"reach.followers>={self.at_least}"


class ReachRules(Document):
    """What it means how far words carry; only what the source tells counts, never what the text claims."""

    show: bool = False
    """Cases tell it to the people who answer."""
    followers: tuple[FollowersStep, ...] = ()

    @field_validator("followers")
    @classmethod
    def _steps_go_up(cls, value: tuple[FollowersStep, ...]) -> tuple[FollowersStep, ...]:
        if any(higher.at_least <= lower.at_least for lower, higher in pairwise(value)):
            raise ValueError("each step needs more followers than the one before")
        return value

    @property
    def in_use(self) -> bool:
        """Whether a case says anything else than it would without reach."""
        return self.show or bool(self.followers)

    def step_for(self, followers: int) -> FollowersStep | None:
        """The highest step that so many followers reach."""
        return next((step for step in reversed(self.followers) if followers >= step.at_least), None)


class StrategyRules(Document):
    """The part of a policy that treats customers differently for who they are."""

    segments: dict[str, SegmentRules] = Field(default_factory=dict)
    reach: ReachRules = Field(default_factory=ReachRules)
