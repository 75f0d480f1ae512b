"""A mail that a machine writes."""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

MAX_SUBJECT = 200


def mail(
    sender: str,
    to: Sequence[str],
    at: datetime,
    *,
    subject: str,
    message_id: str,
    text: str,
    answers: str | None = None,
) -> EmailMessage:
    """One mail.

    Args:
        message_id: what stands before the @; the sender's domain follows.
        answers: the same of the mail whose thread this belongs to.
    """
    domain = sender.rpartition("@")[2]
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(to)
    message["Date"] = format_datetime(at)
    message["Auto-Submitted"] = "auto-generated"
    message["Message-ID"] = f"<{message_id}@{domain}>"
    if answers is not None:
        message["In-Reply-To"] = message["References"] = f"<{answers}@{domain}>"
    message["Subject"] = " ".join(subject.split())[:MAX_SUBJECT]
    message.set_content(text)
    return message
