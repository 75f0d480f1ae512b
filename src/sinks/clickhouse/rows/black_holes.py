"""Rows of `black_holes`, from the snapshots of cases."""

from collections.abc import Sequence

from listener.domain.case import Case
from sinks.clickhouse.rows.row import Rows, milliseconds, milliseconds_or_none, or_empty, unsigned


def black_hole_rows(cases: Sequence[Case], versions: Sequence[int]) -> Rows:
    """The black holes that snapshots tell of.

    Args:
        versions: of the cases' rows.
    """
    found = [
        (case, hole, version)
        for case, version in zip(cases, versions, strict=True)
        for hole in case.black_holes
    ]
    holes = [hole for _, hole, _ in found]
    return Rows(
        "black_holes",
        {
            "case_id": [case.case_id for case, _, _ in found],
            "contact": [hole.contact for hole in holes],
            "case_version": [case.version for case, _, _ in found],
            "author": [hole.author for hole in holes],
            "source": [hole.source for hole in holes],
            "channel": [hole.channel for hole in holes],
            "queue": [hole.queue for hole in holes],
            "owner": or_empty(hole.owner for hole in holes),
            "since": milliseconds([hole.since for hole in holes]),
            "due_at": milliseconds([hole.due_at for hole in holes]),
            "became_at": milliseconds([hole.became_at for hole in holes]),
            "acknowledged_at": milliseconds_or_none([hole.acknowledged_at for hole in holes]),
            "chased": [hole.chased for hole in holes],
            "chased_count": unsigned([hole.chased_count for hole in holes]),
            "last_chased_at": milliseconds_or_none([hole.last_chased_at for hole in holes]),
            "ended_at": milliseconds_or_none([hole.ended_at for hole in holes]),
            "ended_by": or_empty(hole.ended_by for hole in holes),
            "policy_hash": [case.policy_hash for case, _, _ in found],
            "version": [version for _, _, version in found],
        },
    )
