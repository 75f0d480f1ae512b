"""The trail of each mention: a line with its id in the log of every stage that has finished it.

Off unless `log_mentions` is set: a line takes some 30 µs, a tenth of what a mention takes a worker. Whoever
has many mentions in hand asks `followed` first, so that nothing is built for a log that nobody keeps.
"""

import json
import logging
import re

from listener.domain.mention import Mention, MentionDeleted

TRAIL = logging.getLogger("listener.trail")
_PLAIN = re.compile(r"[^\s\"=]+")


def followed() -> bool:
    """Whether anybody wants to know."""
    return TRAIL.isEnabledFor(logging.INFO)


def passed(stage: str, said: Mention | MentionDeleted, **where: object) -> None:
    """A stage has finished a mention, or its deletion: what follows from it is stored or published.

    Args:
        stage: as in the metrics.
        where: further words, such as ``topic``; ids and numbers, never texts.
    """
    revision = "deleted" if isinstance(said, MentionDeleted) else said.revision
    tell(stage, said.mention_id, revision=revision, **where)


def tell(stage: str, mention_id: str, **where: object) -> None:
    """A line about a mention of which only the id is at hand; otherwise as `passed`."""
    words = {"stage": stage, "mention_id": mention_id, **where}
    TRAIL.info(" ".join(f"{name}={_word(str(value))}" for name, value in words.items()))


def _word(text: str) -> str:
    """As it is, or in quotes where it would read as several."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
