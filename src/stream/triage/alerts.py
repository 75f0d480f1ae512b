"""What of a case a person is alerted to: clocks that are breached or about to be, and black holes.

Which alerts stand is a pure function of the case and the time, so neither the order of arrival nor a restart
changes it. An alert is named after what is late and when that was due: a repeat is the same alert. A warning
stands while its clock runs, a breach for good, a black hole until somebody answers. What is imported alerts
nobody: neither a case without live contacts, nor a clock that an imported contact started.
"""

from collections.abc import Iterable
from typing import NamedTuple

from listener.domain.case import Case
from listener.domain.clock import BlackHole, Clock
from listener.domain.contract import format_utc
from listener.domain.governance import Alert, AlertKind
from listener.domain.ids import digest
from listener.domain.party import RaisedAlert
from listener.domain.quick_read import maker
from stream.moments import from_ms, to_ms

_make_alert = maker(Alert)


class Raising(NamedTuple):
    """What an alert is about."""

    kind: AlertKind
    what: str
    """Kind of the clock; empty for a black hole."""
    anchor: str
    due_ms: int

    @property
    def alert_id(self) -> str:
        """The same for the same thing due at the same time."""
        return digest(self.kind, self.what, self.anchor, str(self.due_ms))


def raisings(clocks: Iterable[Clock], holes: Iterable[BlackHole]) -> list[Raising]:
    """What of a live case is to be alerted to, as its clocks and black holes stand."""
    found = [
        Raising(
            "breach" if clock.state == "breached" else "warning",
            clock.kind,
            clock.anchor,
            to_ms(clock.due_at),
        )
        for clock in clocks
        if not clock.historical and (clock.state == "breached" or clock.warned)
    ]
    found.extend(
        Raising("black_hole", "", hole.contact, to_ms(hole.became_at))
        for hole in holes
        if hole.ended_at is None
    )
    return found


def standing_alert(raising: Raising, case: Case) -> Alert:
    """The alert about a case as it is published now."""
    what, due = raising.what.replace("_", " "), format_utc(from_ms(raising.due_ms))
    match raising.kind:
        case "breach":
            words = f"the {what} was due at {due} and did not come by then"
        case "warning":
            words = f"the {what} is due at {due}, and nothing has come yet"
        case _:
            words = f"nobody has answered a contact; since {due} it counts as vanished"
    return _make_alert(
        alert_id=raising.alert_id,
        kind=raising.kind,
        subject=case.case_id,
        due_at=from_ms(raising.due_ms),
        text=f"{case.case_id} in {case.queue}: {words}",
        severity="warning" if raising.kind == "warning" else "critical",
        clock=raising.what or None,
        anchor=raising.anchor,
        queue=case.queue,
        owner=case.owner,
        level=case.level,
    )


def withdrawn_alert(raising: Raising, case_id: str) -> Alert:
    """The news that an alert does not stand any more.

    Args:
        case_id: which it was about.
    """
    return _make_alert(
        alert_id=raising.alert_id,
        kind=raising.kind,
        subject=case_id,
        due_at=from_ms(raising.due_ms),
        text=f"{case_id}: this does not hold any more",
        withdrawn=True,
        severity="info",
        clock=raising.what or None,
        anchor=raising.anchor,
    )


def handed_on(raising: Raising, case_id: str) -> RaisedAlert:
    """An alert as it travels to the party that its contact belongs to now."""
    return RaisedAlert(
        kind=raising.kind,
        what=raising.what,
        anchor=raising.anchor,
        case_id=case_id,
        due_at=from_ms(raising.due_ms),
    )


def taken_over(alert: RaisedAlert) -> tuple[Raising, str]:
    """What `handed_on` was given."""
    return Raising(alert.kind, alert.what, alert.anchor, to_ms(alert.due_at)), alert.case_id
