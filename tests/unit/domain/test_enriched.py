"""What a mention is about, and whether it needs a response, once somebody said it."""

import pytest

from listener.domain.enriched import Need, RootCause, as_told, need_as_told


def causes(*nodes: str) -> tuple[RootCause, ...]:
    return tuple(
        RootCause(node=node, owner=f"owner of {node}", score=0.5, evidence=(node,)) for node in nodes
    )


@pytest.mark.parametrize(
    ("found", "told", "left"),
    [
        (("late", "lost"), "rude", ["rude", "lost"]),
        (("late", "lost"), "lost", ["lost"]),
        (("late", "lost"), "late", ["late", "lost"]),
        ((), "rude", ["rude"]),
        (("late", "lost"), "unknown", []),
    ],
)
def test_what_was_told_takes_the_place_of_the_most_likely(
    found: tuple[str, ...], told: str, left: list[str]
) -> None:
    said = RootCause(node=told, owner="theirs", score=1.0)
    once = as_told(causes(*found), said)
    assert [cause.node for cause in once] == left
    assert as_told(once, said) == once
    assert all(cause in (*causes(*found), said) for cause in once), "what was found keeps its words"


@pytest.mark.parametrize(
    ("found", "told", "left"),
    [
        (("complaint", True), None, ("complaint", True)),
        (("complaint", True), True, ("complaint", True)),
        (("complaint", True), False, ("mention", False)),
        (("praise", False), False, ("mention", False)),
        (("praise", False), True, ("unsure", True)),
        (("spam", False), False, ("spam", False)),
        (("spam", True), False, ("spam", False)),
        (("mention", False), True, ("unsure", True)),
    ],
)
def test_whether_it_needs_a_response_is_as_told(
    found: tuple[Need, bool], told: bool | None, left: tuple[Need, bool]
) -> None:
    once = need_as_told(*found, told)
    assert once == left
    assert need_as_told(*once, told) == once
