"""What a campaign's own platforms show, for connectors to read: posts, edits, answers, and nonsense, by seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from listener.domain.contract import format_utc
from listener.domain.ids import mention_id
from listener.domain.mention import Mention

KIND = "http-json"
"""Of the sources that read them."""
FORUM, REVIEWS = "forum.example.test", "reviews.example.test"
SITES: Mapping[str, str] = {FORUM: "forum", REVIEWS: "review"}
"""Host to the channel of what is posted there. Ids begin with the host, so it is the same in each run."""
COMPANY = "the-company"
"""Its account at each of them."""
BACKLOG = 0.25
"""So much of it is there before anybody reads."""
EDITED, ANSWERED, UNREADABLE = 0.10, 0.30, 0.03
"""Shares of the posts. An edit changes no cause: what is heard first of a post decides its case, and that may be
the edit. None is both edited and answered: an edit moves a post to the top, and an answer that is read before its
original waits for it in simulated time, which differs between two runs."""
NONSENSE: Sequence[Mapping[str, Any]] = ({"text": None}, {"text": ["late"]}, {"written": "some day"})
"""What makes a post unreadable."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it is shown from a moment on; of those with one name the last holds.

    Attributes:
        share: of the campaign's time, after which it is shown.
        name: the platform's id.
        revision: time of its edit in milliseconds since 1970; 0 without edit.
        fields: what is shown.
    """

    site: str
    share: float
    name: str
    revision: int
    fields: Mapping[str, Any]
    readable: bool = True

    @property
    def scoped(self) -> str:
        """With the platform's own: the native id of a mention, and where a dead letter comes from."""
        return f"{self.site}/{self.name}"

    @property
    def mention_id(self) -> str:
        """Of the mention that it becomes."""
        return mention_id(KIND, self.scoped)


def make_posts(said: Sequence[Mention], before: datetime, seed: int) -> tuple[Post, ...]:
    """Posts with the words of these mentions, in the order in which they are shown.

    Args:
        said: by customers; each becomes a post by another account.
        before: what is said or edited by then is kept. Later than what time it is when a post is read, nothing
            may have been said: the two runs read it at different times.
    """
    chance = random.Random(f"posts {seed}")  # noqa: S311  # to be repeated, not to be secret
    sites = tuple(SITES)
    posts: list[Post] = []
    for number, mention in enumerate(said):
        if mention.occurred_at >= before:
            continue
        share = max(0.0, (number / len(said) - BACKLOG) / (1 - BACKLOG))
        site = sites[number % len(sites)]
        first = _post(site, share, f"p{number}", mention)
        posts.extend(_with_what_follows(first, mention, before, chance))
    return tuple(sorted(posts, key=lambda post: post.share))


def _with_what_follows(
    first: Post, mention: Mention, before: datetime, chance: random.Random
) -> Iterator[Post]:
    drawn = chance.random()
    share = min(1.0, first.share + chance.uniform(0.01, 0.2))
    later = mention.occurred_at + timedelta(minutes=chance.randint(1, 500))
    if drawn < UNREADABLE:
        yield _changed(first, readable=False, **chance.choice(NONSENSE))
        return
    yield first
    if later >= before:
        return
    at = format_utc(later)
    if drawn < UNREADABLE + EDITED:
        text = f"{mention.text} EDIT: typo."
        revision = int(later.timestamp() * 1000)
        yield _changed(first, share=share, revision=revision, text=text, edited=at)
    elif drawn < UNREADABLE + EDITED + ANSWERED:
        yield Post(
            first.site,
            share,
            f"{first.name}-answer",
            0,
            {
                "id": f"{first.name}-answer",
                "text": "Thank you for telling us. We have looked into it and will put it right.",
                "written": at,
                "author": COMPANY,
                "answer_to": first.name,
            },
        )


def _post(site: str, share: float, name: str, mention: Mention) -> Post:
    contactable = mention.contactable
    fields = {
        "id": name,
        "text": mention.text,
        "written": format_utc(mention.occurred_at),
        "author": mention.author.rpartition(":")[2] if mention.author else None,
        "name": mention.author_name,
        "email": contactable.email if contactable else None,
        "phone": contactable.phone if contactable else None,
    }
    return Post(site, share, name, 0, fields)


def _changed(
    post: Post, *, share: float | None = None, revision: int = 0, readable: bool = True, **fields: Any
) -> Post:
    return Post(
        post.site,
        post.share if share is None else share,
        post.name,
        revision,
        {**post.fields, **fields},
        readable,
    )
