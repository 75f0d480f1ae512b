"""What triage tells the levels stage: which places a case claims, and which it gives back.

With each snapshot goes one record for every level that the case claims or ever claimed; so a level hears the end
of each claim, whatever ended it, and as often as the snapshot is said anew.
"""

from collections.abc import Collection, Iterable

from listener.domain.case import Case
from listener.domain.ids import case_id
from listener.domain.level import LevelClaim
from listener.domain.response import LEVELS, Level
from listener.domain.topics import LEVEL_CLAIMS
from stream.moments import from_ms
from stream.stage import Output
from stream.triage.ladder import Claim


def claims_of(case: Case, claims: Iterable[Claim], claimed: Collection[Level]) -> list[Output]:
    """What goes with a snapshot.

    Args:
        claims: that hold.
        claimed: levels that were ever claimed, these included.
    """
    since = {claim.level: claim.at_ms for claim in claims}
    return [
        _output(
            LevelClaim(
                level=level,
                case_id=case.case_id,
                party=case.party,
                anchor_author=case.anchor_author,
                version=case.version,
                open=level in since,
                claimed_at=from_ms(since[level]) if level in since else None,
                root_cause=case.root_cause,
                owner=case.owner,
            )
        )
        for level in LEVELS
        if level in claimed
    ]


def given_back(
    anchor: str,
    anchor_author: str,
    version: int,
    *,
    party: str,
    claimed: Iterable[Level],
    erased: bool = False,
) -> list[Output]:
    """For a case that is this party's no more, or no case any more.

    Args:
        anchor: mention id that the case is named after.
        version: above everything that this party said about the case.
        claimed: levels that were ever claimed.
        erased: whether that is since its author was erased.
    """
    return [
        _output(
            LevelClaim(
                level=level,
                case_id=case_id(anchor),
                party=party,
                anchor_author=anchor_author,
                version=version,
                open=False,
                erased=erased,
            )
        )
        for level in sorted(claimed)
    ]


def _output(claim: LevelClaim) -> Output:
    return Output(LEVEL_CLAIMS.name, claim.level, claim)
