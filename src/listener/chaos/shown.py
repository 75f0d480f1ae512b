"""Whether connectors brought everything that platforms showed, and nothing more often than they must. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from listener.chaos.accounting import Finding, Logged
from listener.chaos.posts import KIND, Post
from listener.domain.errors import Rejected
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import RAW


def not_brought(
    shown: Iterable[Post],
    log: Iterable[Logged],
    letters: Mapping[str, int],
    *,
    began_at: float,
    seconds: float,
) -> list[Finding]:
    """What was shown in the end and stands neither on the topic nor among the dead letters.

    Args:
        shown: the last state of each post.
        log: all records of the input topics.
        letters: of connectors; origin to how many current rows it has.
        began_at: when publishing began, in seconds since 1970,
        seconds: and how long it took: when a post was shown tells which fault is blamed.
    """
    brought = _copies(log)
    return [
        Finding(
            f"{post.scoped}: revision {post.revision} was shown and is not on the topic"
            if post.readable
            else f"{post.scoped}: was shown, cannot be read and is no dead letter",
            int((began_at + seconds * post.share) * 1000),
        )
        for post in shown
        if not (brought[post.mention_id, post.revision] if post.readable else letters.get(post.scoped))
    ]


def brought_too_often(log: Iterable[Logged], letters: Mapping[str, int], starts: int) -> list[Finding]:
    """What stands on the topic more often than the connectors were started, and letters that are there twice.

    A connector that was killed brings again what it had not noted; while it lives, it brings nothing twice.
    """
    return [
        *(
            Finding(f"revision {revision} of {name} is on the topic {count} times, by {starts} connectors")
            for (name, revision), count in _copies(log).items()
            if count > starts
        ),
        *(
            Finding(f"{origin} is a dead letter {count} times")
            for origin, count in letters.items()
            if count > 1
        ),
    ]


def _copies(log: Iterable[Logged]) -> Counter[tuple[str, int]]:
    """Mention id and revision to how often it stands on the topic."""
    found: Counter[tuple[str, int]] = Counter()
    for record in log:
        if record.place[0] != RAW.name or f'"{KIND}:'.encode() not in (record.value or b""):
            continue
        try:
            value = read_raw(record.value or b"")
        except Rejected:
            continue
        if isinstance(value, Mention) and value.source_kind == KIND:
            found[value.mention_id, value.revision] += 1
    return found
