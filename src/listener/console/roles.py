"""Who somebody is in the console, and what they may see and do. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from listener.console_config import Grant, Role

Right = Literal["answer", "analyse", "administer"]
"""answer: act on cases. analyse: try policies, declare fixes. administer: dead letters, privacy, the audit log."""

EVERYBODY: frozenset[Role] = frozenset(get_args(Role))
STAFF: frozenset[Role] = EVERYBODY - {"partner"}
"""All who may see what concerns the whole company."""
ADMINS: frozenset[Role] = frozenset({"admin"})
_RIGHTS: dict[Role, frozenset[Right]] = {
    "viewer": frozenset(),
    "partner": frozenset({"answer"}),
    "agent": frozenset({"answer"}),
    "analyst": frozenset({"analyse"}),
    "admin": frozenset({"answer", "analyse", "administer"}),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in.

    Attributes:
        name: stands in the audit log, and as who answered.
        queues: the queues whose cases they see; None for all.
        session: what their forms are tied to; never shown.
    """

    name: str
    role: Role
    queues: frozenset[str] | None = None
    session: str = field(default="", repr=False)

    def may(self, right: Right) -> bool:
        """Whether the role allows it; on a case only if `sees` holds as well."""
        return right in _RIGHTS[self.role]

    def sees(self, queue: str) -> bool:
        """Whether they see cases of a queue."""
        return self.queues is None or queue in self.queues


def person_of(name: str, groups: Collection[str], grants: Sequence[Grant], session: str) -> Person | None:
    """The person with the role of the first grant that names them; None where none does.

    Args:
        groups: those that they are in, as the proxy or the provider says.
    """
    known = name.casefold()
    for grant in grants:
        if known in {person.casefold() for person in grant.people} or not set(groups).isdisjoint(
            grant.groups
        ):
            queues = frozenset(grant.queues) if grant.role == "partner" else None
            return Person(name, grant.role, queues, session)
    return None
