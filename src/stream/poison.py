"""Dead letters of this worker by source: the source that brings too many is to pause, and an alert says so.

Counted is what was heard live. A file that is imported is not stopped by what is in it, nor does it stop a source
that is heard.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from listener.domain.origin import Origin, origin_of
from listener.domain.poison import PoisonRule, PoisonTally
from listener.domain.topics import ALERTS
from stream.send import Record

MAX_SOURCES = 1000
"""Names come from outside; those longest not heard of are forgotten first."""


class SourceWatch:
    """Counts, and makes the records of the alerts.

    Args:
        rules: by source; the usual rule for those that are not there.
    """

    def __init__(self, rules: Mapping[str, PoisonRule]) -> None:
        self._rules = rules
        self._tallies: OrderedDict[str, PoisonTally] = OrderedDict()

    def count(self, values: Iterable[object], dead: Sequence[Any], now: datetime) -> list[Record]:
        """A batch was processed.

        Args:
            values: what was decoded, whatever became of it.
            dead: Faust's messages that became dead letters, and whether each was decoded.

        Returns:
            What is to be published on `alerts`.
        """
        items: Counter[str | None] = Counter()
        for (source, live), count in Counter(map(origin_of_value, values)).items():
            if live:
                items[source] += count
        letters: Counter[str | None] = Counter()
        for message, decoded in dead:
            origin = origin_of(message)
            if origin.live:
                letters[origin.source] += 1
                items[origin.source] += not decoded
        alerts = []
        for source, count in items.items():
            if source is None:
                continue
            alert = self._tally(source).count(count, letters[source], now)
            if alert is not None:
                alerts.append(Record(ALERTS.name, alert.alert_id.encode(), alert.to_json()))
        return alerts

    def _tally(self, source: str) -> PoisonTally:
        tally = self._tallies.get(source)
        if tally is None:
            tally = self._tallies[source] = PoisonTally(source, self._rules.get(source) or PoisonRule())
            if len(self._tallies) > MAX_SOURCES:
                self._tallies.popitem(last=False)
        self._tallies.move_to_end(source)
        return tally


def origin_of_value(value: object) -> Origin:
    """Of what a stage has decoded."""
    inner = getattr(value, "mention", None) or getattr(value, "deletion", None) or value
    return Origin(getattr(inner, "source", None), not getattr(inner, "historical", False))
