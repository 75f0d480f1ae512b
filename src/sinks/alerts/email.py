"""Alerts by mail: what is over lands in the thread of what was raised."""

from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from sinks.alerts.news import News, id_of
from sinks.alerts.slack import headline
from sinks.smtp import Mailer

MAX_SUBJECT = 200


class Email:
    """Sends mails whose Message-ID is the same in every attempt.

    Args:
        sender, to: addresses.
        now: the machine's time.
    """

    def __init__(
        self,
        mailer: Mailer,
        sender: str,
        to: Sequence[str],
        digest_above: int,
        now: Callable[[], datetime],
    ) -> None:
        self._mailer = mailer
        self._sender = sender
        self._to = to
        self._now = now
        self.digest_above: int | None = digest_above
        self.place = f"email: {', '.join(to)} by {mailer.place}"

    def tell(self, news: Sequence[News]) -> None:
        """As `Channel`."""
        self._mailer.send(mail(news, self._sender, self._to, self._now()))

    def close(self) -> None:
        """Nothing is kept open."""


def mail(news: Sequence[News], sender: str, to: Sequence[str], at: datetime) -> EmailMessage:
    """One mail."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(to)
    message["Date"] = format_datetime(at)
    message["Auto-Submitted"] = "auto-generated"
    if len(news) == 1:
        item = news[0]
        told = item.raised or item.alert
        subject = f"{'Re: ' if item.over else ''}[{told.kind.replace('_', ' ')}] {told.text}"
        message["Message-ID"] = f"<{item.news_id}@{domain}>"
        if item.over:
            message["In-Reply-To"] = message["References"] = f"<{item.raised_id}@{domain}>"
    else:
        subject = headline(news)
        message["Message-ID"] = f"<{id_of(' '.join(item.news_id for item in news), 0)}@{domain}>"
    message["Subject"] = " ".join(subject.split())[:MAX_SUBJECT]
    message.set_content("\n\n".join(_paragraph(item) for item in news) + "\n")
    return message


def _paragraph(item: News) -> str:
    alert = item.alert
    facts = {
        "due": alert.due_at.isoformat(),
        "queue": alert.queue,
        "owner": alert.owner,
        "level": alert.level,
    }
    return "\n".join([item.text, *(f"{name}: {value}" for name, value in facts.items() if value)])
