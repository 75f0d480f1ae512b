"""How full the levels are, for the metrics: of the levels whose claims this worker keeps."""

from collections.abc import Collection
from typing import Protocol, get_args

from listener.metrics import LEVEL_CLAIMS_PUT_OFF, LEVEL_OPEN_CASES
from stream.levels import LevelState
from stream.triage.policy_levels import Senior

PLACES = ("taken", "waiting")


class Table(Protocol):
    """States by partition and key."""

    def get(self, partition: int, key: bytes) -> bytes | None:
        """The state of a key, if it has one."""
        ...


def set_load(table: Table, partitions: Collection[int]) -> None:
    """Brings the gauges up to date; what another worker keeps is told by that one.

    Args:
        table: of the levels stage.
        partitions: that this worker has.
    """
    for level in get_args(Senior):
        states = (table.get(partition, level.encode()) for partition in partitions)
        state = next((state for state in states if state is not None), None)
        if state is None:
            for place in PLACES:
                LEVEL_OPEN_CASES.remove(level, place)
            LEVEL_CLAIMS_PUT_OFF.remove(level)
            continue
        memory = LevelState.unpacked(state)
        taken = sum(claim.told is True for claim in memory.claims.values())
        LEVEL_OPEN_CASES.labels(level, "taken").set(taken)
        LEVEL_OPEN_CASES.labels(level, "waiting").set(len(memory.claims) - taken)
        LEVEL_CLAIMS_PUT_OFF.labels(level).set(memory.overflow)
