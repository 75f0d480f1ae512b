"""A customer's timeline in a CRM: each contact, answer and gift is told by a signed webhook, as a note."""

from collections.abc import Iterable
from typing import Any

from listener.domain.case import Case
from listener.domain.ids import digest
from sinks.desks.desk import Draft, Entry, Farewell, Known, Update
from sinks.desks.draft import mark_of_contact, mark_of_response
from sinks.signed_post import SignedPoster


class CrmTimeline:
    """Posts ``customer.contact`` and ``customer.answer``, each with an id of its own that no repeat changes.

    A timeline has no tickets: what becomes of a case is not told, only what was said and given.
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
        self._tell(draft.case, draft.entries)
        return Known(draft.case_id)

    def update(self, ticket_id: str, update: Update) -> None:
        """As `Desk`."""
        self._tell(update.draft.case, update.entries)

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        """As `Desk`: what was said stays said."""

    def close(self) -> None:
        """Ends the connections."""
        self._poster.close()

    def _tell(self, case: Case, entries: Iterable[Entry]) -> None:
        if case.customer is None:  # any more
            return
        notes = crm_notes(case, case.customer.customer_id)
        for entry in entries:
            if entry.mark in notes:
                self._poster.post(digest(case.customer.customer_id, entry.mark), notes[entry.mark])


def crm_notes(case: Case, customer_id: str) -> dict[str, dict[str, Any]]:
    """What is told of each contact and answer, by the mark of its entry."""
    about = {"customer_id": customer_id, "case_id": case.case_id}
    notes: dict[str, dict[str, Any]] = {}
    for contact in case.contacts:
        told = contact.model_dump(
            mode="json",
            exclude_none=True,
            include={
                "mention_id",
                "revision",
                "author",
                "channel",
                "visibility",
                "excerpt",
                "url",
                "deleted",
            },
        )
        told["at"] = contact.model_dump(mode="json", include={"effective_at"})["effective_at"]
        notes[mark_of_contact(contact)] = {"type": "customer.contact", "data": about | told}
    for response in case.responses:
        told = response.model_dump(
            mode="json",
            exclude_none=True,
            include={
                "response_id",
                "revision",
                "contact",
                "channel",
                "by",
                "level",
                "kind",
                "reason",
                "excerpt",
                "goodwill",
            },
        )
        told["at"] = response.model_dump(mode="json", include={"occurred_at"})["occurred_at"]
        notes[mark_of_response(response)] = {"type": "customer.answer", "data": about | told}
    return notes
