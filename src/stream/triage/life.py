"""The life of a case: whose turn it is, after each thing that happened."""

from listener.domain.case import OPEN_STATES, CaseState
from stream.triage.events import Act, Answer, Event, Said


class Life:
    """Takes events in the order of time, and says how things stand.

    An answer by a person answers everything that was said in the case until then. A case of praise alone waits
    for thanks, which no failure follows from, and is resolved by them.

    Attributes:
        pending: what waits for an answer: (since when, mention id), the first first.
    """

    __slots__ = ("_answered", "_asked", "_ended", "_praised", "_reopened", "pending")

    def __init__(self) -> None:
        self.pending: list[tuple[int, str]] = []
        self._asked = False
        self._answered = False
        self._ended: CaseState | None = None
        self._reopened = False
        self._praised: tuple[int, str] | None = None

    def take(self, event: Event) -> None:
        """Goes on by one event."""
        if isinstance(event, Said):
            if event.row.needs_response:
                self._wait(event.at_ms, event.name)
            elif event.row.need == "praise" and self._praised is None:
                self._praised = event.at_ms, event.name
        elif isinstance(event, Answer):
            if event.by_person:
                self._answered = True
                kind = event.row.kind
                self._settle("resolved" if kind == "resolved" else "declined" if kind == "declined" else None)
        elif event.row.action == "close":
            self._settle("resolved")
        else:
            self._reopen(event)

    def _wait(self, since_ms: int, name: str) -> None:
        self._asked = True
        if self._ended is not None:
            self._reopened, self._ended = True, None
        self.pending.append((since_ms, name))

    def _settle(self, ended: CaseState | None) -> None:
        self.pending.clear()
        self._praised = None
        self._ended, self._reopened = ended, False

    def _reopen(self, act: Act) -> None:
        self._asked = self._reopened = True
        self._ended = None
        if not self.pending:
            self.pending.append((act.at_ms, act.row.contacts[0]))

    @property
    def state(self) -> CaseState:
        """As a case shows it; `new` is what nobody has answered yet."""
        if self.pending:
            return "reopened" if self._reopened else "waiting_for_us" if self._answered else "new"
        if self._ended is not None:
            return self._ended
        if not self._asked and self._answered:
            return "new" if self._praised else "resolved"
        return "waiting_for_customer" if self._answered else "new"

    @property
    def unthanked(self) -> tuple[int, str] | None:
        """Praise that nobody has thanked for, where the customer asked for nothing: (since when, mention id)."""
        return None if self._asked or self._ended is not None else self._praised

    @property
    def is_open(self) -> bool:
        """Whether a contact without a known cause can belong to it."""
        return self._asked and self.state in OPEN_STATES
