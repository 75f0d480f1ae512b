"""Alerts by mail: what is over lands in the thread of what was raised."""

from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage

from sinks.alerts.news import News, id_of
from sinks.alerts.slack import headline
from sinks.mail import mail
from sinks.smtp import Mailer


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
        self._mailer.send(alert_mail(news, self._sender, self._to, self._now()))

    def close(self) -> None:
        """Nothing is kept open."""


def alert_mail(news: Sequence[News], sender: str, to: Sequence[str], at: datetime) -> EmailMessage:
    """One mail."""
    if len(news) == 1:
        item = news[0]
        told = item.raised or item.alert
        subject = f"{'Re: ' if item.over else ''}[{told.kind.replace('_', ' ')}] {told.text}"
        message_id, answers = item.news_id, item.raised_id if item.over else None
    else:
        subject = headline(news)
        message_id, answers = id_of(" ".join(item.news_id for item in news), 0), None
    text = "\n\n".join(_paragraph(item) for item in news) + "\n"
    return mail(sender, to, at, subject=subject, message_id=message_id, text=text, answers=answers)


def _paragraph(item: News) -> str:
    alert = item.alert
    facts = {
        "due": alert.due_at.isoformat(),
        "queue": alert.queue,
        "owner": alert.owner,
        "level": alert.level,
    }
    return "\n".join([item.text, *(f"{name}: {value}" for name, value in facts.items() if value)])
