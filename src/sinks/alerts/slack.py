"""Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sinks.alerts.news import News
from sinks.post import Poster, as_json

SHOWN = 20
MAX_TEXT = 3000
"""Slack cuts a section's text there."""


class Slack:
    """Posts messages. Slack knows no repeat: what is posted twice stands there twice."""

    def __init__(self, poster: Poster, digest_above: int) -> None:
        self._poster = poster
        self.digest_above: int | None = digest_above
        self.place = f"slack: https://{poster.host}/***"

    def tell(self, news: Sequence[News]) -> None:
        """As `Channel`."""
        self._poster.post(as_json(slack_message(news)))

    def close(self) -> None:
        """Ends the connections."""
        self._poster.close()


def slack_message(news: Sequence[News]) -> dict[str, Any]:
    """One message; `text` is what notifications show."""
    lines = [headline(news)] if len(news) > 1 else []
    lines += [f"{'[over]' if item.over else f'[{item.alert.severity}]'} {item.text}" for item in news[:SHOWN]]
    if len(news) > SHOWN:
        lines.append(f"... and {len(news) - SHOWN} more")
    text = _escaped("\n".join(lines))[:MAX_TEXT]
    return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


def headline(news: Sequence[News]) -> str:
    """How many of what, the most frequent first."""
    counts = Counter(f"{item.alert.kind} over" if item.over else item.alert.kind for item in news)
    parts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.most_common())
    return f"{len(news)} alerts: {parts}"


def _escaped(text: str) -> str:
    """The three characters that begin Slack's own marks, so that no text calls a whole channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
