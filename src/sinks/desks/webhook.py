"""A webhook of the company's own as a desk: it is told the whole case, signed, each time something is new."""

from typing import Any

from listener.domain.case import Case
from sinks.desks.desk import Draft, Farewell, Known, Update
from sinks.signed_post import SignedPoster


class WebhookTickets:
    """Posts ``case.opened``, ``case.updated`` and ``case.retired``.

    A ticket's id is the id that its case had first: the receiver keeps its own record by it. Nothing can be asked,
    so a repeat has the same ``webhook-id``, or a higher version of the same case.
    """

    def __init__(self, poster: SignedPoster) -> None:
        self._poster = poster
        self.place = poster.place

    def check(self) -> str:
        """As `Desk`."""
        return f"{self.place}: a webhook cannot be asked; nothing was sent"

    def find(self, case_id: str) -> Known | None:
        """As `Desk`."""
        return None

    def open(self, draft: Draft) -> Known:
        """As `Desk`."""
        self._poster.post(draft.event_id, _event("case.opened", draft.case_id, draft.case))
        return Known(draft.case_id)

    def update(self, ticket_id: str, update: Update) -> None:
        """As `Desk`."""
        event = _event("case.updated", ticket_id, update.draft.case)
        if update.renamed_from is not None:
            event["data"]["renamed_from"] = update.renamed_from
        self._poster.post(update.draft.event_id, event)

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        """As `Desk`."""
        data = {"ticket_id": ticket_id, "case_id": farewell.case_id, "text": farewell.text}
        self._poster.post(farewell.event_id, {"type": "case.retired", "data": data})

    def close(self) -> None:
        """Ends the connections."""
        self._poster.close()


def _event(kind: str, ticket_id: str, case: Case) -> dict[str, Any]:
    """The case as it stands on the topic `triage`."""
    told = case.model_dump(mode="json", exclude_none=True)
    return {"type": kind, "data": {"ticket_id": ticket_id, "case": told}}
