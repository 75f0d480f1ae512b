"""Whether what was fetched follows what was fetched before: no record is passed over without the broker's word."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from listener.kafka.record import Record as Fetched

W = TypeVar("W")


class AskAgain(Exception):
    """Records are missing before those that came.

    Attributes:
        offset: from which to read again.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(f"offset {offset} did not come")
        self.offset = offset


class Continuity:
    """The next offset of each partition.

    Offsets may have holes for good reasons: retention, compaction, the markers of a producer's transactions. So
    what comes behind a hole is asked for once more; if the broker then gives the same, nothing is missing.
    """

    def __init__(self) -> None:
        self._expected: dict[tuple[str, int], int] = {}
        self._asked: dict[tuple[str, int], int] = {}

    def start(self, starts: Mapping[tuple[str, int], int]) -> None:
        """Reading begins anew, at these offsets by (topic, partition)."""
        self._expected = dict(starts)
        self._asked.clear()

    def expected(self) -> Mapping[tuple[str, int], int]:
        """The next offset by (topic, partition)."""
        return self._expected

    def admit(self, where: tuple[str, int], records: Sequence[Fetched]) -> Sequence[Fetched]:
        """The records that have not come yet, which may be none.

        Args:
            records: of one fetch, one or more, in the order of their offsets.

        Raises:
            AskAgain: some before them are missing.
        """
        first, expected = records[0].offset, self._expected.get(where)
        if expected is not None:
            if first > expected and self._asked.get(where) != expected:
                self._asked[where] = expected
                raise AskAgain(expected)
            if first < expected:
                records = [record for record in records if record.offset >= expected]
        if records:
            self._expected[where] = records[-1].offset + 1
        return records
