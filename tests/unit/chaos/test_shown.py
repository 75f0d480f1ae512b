"""What connectors did not bring, or brought too often, is seen."""

from dataclasses import replace
from datetime import UTC, datetime

from listener.chaos.accounting import Logged
from listener.chaos.posts import FORUM, KIND, Post
from listener.chaos.shown import brought_too_often, not_brought
from listener.domain.mention import Mention

AT = datetime(2025, 5, 1, tzinfo=UTC)
POST = Post(FORUM, 0.5, "p1", 0, {"id": "p1"})
EDITED = replace(POST, revision=7)
NONSENSE = Post(FORUM, 0.0, "p2", 0, {"id": "p2"}, readable=False)


def logged(post: Post, offset: int = 0) -> Logged:
    mention = Mention(
        mention_id=post.mention_id,
        revision=post.revision,
        source="forum",
        source_kind=KIND,
        native_id=post.scoped,
        author=f"{KIND}:jane",
        channel="forum",
        visibility="public",
        text="late again",
        occurred_at=AT,
        received_at=AT,
    )
    return Logged(("mentions.raw", 0, offset), 0, mention.to_json())


def lost(*shown: Post, log: tuple[Logged, ...] = (), letters: tuple[str, ...] = ()) -> list[str]:
    findings = not_brought(shown, log, dict.fromkeys(letters, 1), began_at=100, seconds=60)
    return [finding.text for finding in findings]


def test_what_was_brought_is_not_lost() -> None:
    assert lost(POST, NONSENSE, log=(logged(POST),), letters=(NONSENSE.scoped,)) == []


def test_a_post_that_was_not_brought_is_lost() -> None:
    assert lost(POST) == [f"{FORUM}/p1: revision 0 was shown and is not on the topic"]
    assert lost(EDITED, log=(logged(POST),)) == [f"{FORUM}/p1: revision 7 was shown and is not on the topic"]


def test_a_post_that_cannot_be_read_must_be_a_dead_letter() -> None:
    assert lost(NONSENSE) == [f"{FORUM}/p2: was shown, cannot be read and is no dead letter"]


def test_a_loss_is_dated_by_when_its_post_was_shown() -> None:
    [finding] = not_brought([POST], [], {}, began_at=100, seconds=60)
    assert finding.timestamp_ms == 130_000


def test_each_start_may_bring_it_once_more() -> None:
    log = [logged(POST), logged(POST, 1), logged(EDITED, 2), Logged(("mentions.raw", 0, 3), 0, b"not JSON")]
    assert brought_too_often(log, {}, 2) == []
    [finding] = brought_too_often(log, {}, 1)
    assert finding.text == f"revision 0 of {POST.mention_id} is on the topic 2 times, by 1 connectors"


def test_a_letter_of_a_connector_is_there_once() -> None:
    assert brought_too_often([], {NONSENSE.scoped: 1}, 1) == []
    assert len(brought_too_often([], {NONSENSE.scoped: 2}, 2)) == 1
