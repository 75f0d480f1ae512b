"""A mailbox as a desk: one thread per case."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sinks.desks.desk import Draft, Farewell, Known, Update
from sinks.mail import mail
from sinks.smtp import Mailer

CASE_HEADER = "X-Listener-Case"
"""The id of the case, for filters."""


class MailThreads:
    """Opens a thread by a mail whose Message-ID follows from the case, so that a repeat is the same mail.

    Args:
        sender, to: addresses.
        now: the machine's time.
    """

    def __init__(self, mailer: Mailer, sender: str, to: Sequence[str], now: Callable[[], datetime]) -> None:
        self._mailer = mailer
        self._sender = sender
        self._to = to
        self._now = now
        self.place = f"email: {', '.join(to)} by {mailer.place}"

    def check(self) -> str:
        """As `Desk`."""
        return f"{self.place}: {self._mailer.check()}"

    def find(self, case_id: str) -> Known | None:
        """As `Desk`: what was sent cannot be looked for."""
        return None

    def open(self, draft: Draft) -> Known:
        """As `Desk`."""
        self._send(draft.case_id, draft.title, draft.body, draft.case_id, None)
        return Known(draft.case_id)

    def update(self, ticket_id: str, update: Update) -> None:
        """As `Desk`; what changes nothing but fields, such as a priority, makes no mail."""
        note, draft = update.note, update.draft
        if note is None and update.outcome is None and update.renamed_from is None:
            return
        text = note or draft.summary
        if update.renamed_from is not None:
            text = f"{update.renamed_from} is now {draft.case_id}.\n\n{text}"
        self._send(draft.case_id, f"Re: {draft.title}", text, draft.event_id, ticket_id)

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        """As `Desk`."""
        self._send(
            farewell.case_id, f"Re: {farewell.case_id}: over", farewell.text, farewell.event_id, ticket_id
        )

    def close(self) -> None:
        """Nothing is kept open."""

    def _send(self, case_id: str, subject: str, text: str, message_id: str, thread: str | None) -> None:
        message = mail(
            self._sender,
            self._to,
            self._now(),
            subject=subject,
            message_id=message_id,
            text=f"{text}\n",
            answers=thread,
        )
        message[CASE_HEADER] = case_id
        self._mailer.send(message)
