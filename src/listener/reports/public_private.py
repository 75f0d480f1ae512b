"""Public channels beside private ones, where the matters are alike."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from listener.reports.view import Row
from listener.reports.waits import Binned, together, waits_of
from listener.statistics.answer_times import Waits, advantage
from listener.statistics.interval import Floats, Interval
from listener.statistics.log_rank import log_rank

Waiting = Mapping[str, Waits]
"""By matter: root cause and whether it is severe."""
MANY_OF_A_CHANNEL = 30
"""With so many contacts of a matter the spread is computed, not resampled: every channel is compared in each."""


@dataclass(frozen=True)
class Matters:
    """How long people waited for an answer, matter by matter.

    Attributes:
        public, private: of all channels of the kind.
        of_channel: of each private channel.
        nobody: waits of nobody.
    """

    public: Waiting
    private: Waiting
    of_channel: Mapping[str, Waiting]
    nobody: Waits

    @classmethod
    def of(cls, rows: Sequence[Row], answers: Sequence[Binned], edges: Floats) -> "Matters":
        """From rows of the view `channel_waits`, and the waits for an answer of each."""
        parts: dict[str, dict[str, list[Binned]]] = defaultdict(lambda: defaultdict(list))
        for row, waits in zip(rows, answers, strict=True):
            matter = f"{row['root_cause']}{', severe' if row['severe'] else ''}"
            parts[row["visibility"]][matter].append(waits)
            if row["visibility"] == "private":
                parts[f"by {row['channel']}"][matter].append(waits)
        whole = {
            kind: {matter: waits_of(together(some), edges) for matter, some in of.items()}
            for kind, of in parts.items()
        }
        return cls(
            whole.pop("public", {}),
            whole.pop("private", {}),
            {kind.removeprefix("by "): of for kind, of in whole.items()},
            waits_of(together([]), edges),
        )

    def advantage(self, horizon_hours: float, effect: float, channel: str | None = None) -> Interval:
        """Hours longer in private than in public; by this private channel alone where one is named.

        Args:
            effect: how many times the variance is that of independent cases.
        """
        if channel is None:
            return advantage(self.public, self.private, horizon_hours, design_effect=effect)
        own = self.of_channel.get(channel, {})
        return advantage(self.public, own, horizon_hours, design_effect=effect, many=MANY_OF_A_CHANNEL)

    def words(self, overall: Interval, effect: float) -> list[str]:
        """The advantage of all private channels together, and whether the waits differ by more than chance."""
        if not self.public or not self.private:
            return ["Public and private channels cannot be compared: one of the two had no case."]
        test = log_rank(
            [self._pair(matter) for matter in self.public.keys() | self.private.keys()], design_effect=effect
        )
        return [
            f"Same cause and severity, {overall.words}.",
            f"Difference in the rate of answers: {test.words}.",
        ]

    def _pair(self, matter: str) -> tuple[Waits, Waits]:
        return self.public.get(matter, self.nobody), self.private.get(matter, self.nobody)
