"""What several adapters do: cut, spread, leave out what was told, and read what may be anything."""

from typing import Any

import pytest

from fakes.drafts import draft, entry, update
from listener.domain.desk import DeskAnswers
from listener.domain.errors import Busy, Rejected
from sinks.desks.shape import (
    SHORTENED,
    cut,
    ended_by,
    only,
    page_of,
    plain_text,
    rows,
    step_of,
    without_told,
)


@pytest.mark.parametrize("text", ["short", "ü" * 100, "😞" * 100, "a" * 99 + "😞"])
@pytest.mark.parametrize("size", [40, 99, 100, 101, 400])
def test_what_is_cut_fits_and_says_so(text: str, size: int) -> None:
    made = cut(text, size)
    assert len(made.encode()) <= size
    assert (made == text) == (len(text.encode()) <= size)
    assert made == text or made.endswith(SHORTENED)


def test_every_priority_has_a_name() -> None:
    for names in (("one",), ("a", "b", "c"), ("low", "normal", "high", "urgent")):
        steps = [names.index(step_of(priority, names)) for priority in range(101)]
        assert steps == sorted(steps)
        assert set(steps) == set(range(len(names)))


@pytest.mark.parametrize(
    ("marks", "ended"),
    [
        ((), ("resolved", None)),
        (("vip",), ("resolved", None)),
        (("no",), ("declined", "no")),
        (("vip", "kind"), ("needs_no_response", "kind")),
        (("kind", "no"), ("declined", "no")),
    ],
)
def test_marks_say_how_it_ended(marks: tuple[str, ...], ended: tuple[str, str | None]) -> None:
    assert ended_by(marks, "no", "kind") == ended


def test_what_stands_there_is_left_out() -> None:
    told = update(draft(), entry(1), entry(11), entry(2))
    left = without_told(told, ["nothing", f"before\n{entry(11).text}\nafter"])
    assert [each.mark for each in left.entries] == ["[chirp:1]", "[chirp:2]"]
    assert without_told(told, [each.text for each in told.entries]).note is None


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One &amp; two</p><p>three</p>", "One & two\nthree"),
        ("a<br>b<BR/>c<div>d</div>e", "a\nb\ncd\ne"),
        ("<ul><li>x</li><li>y</li></ul>", "x\ny"),
        ('<a href="https://x.example">link</a>, <b>bold</b>', "link, bold"),
        ("plain", "plain"),
    ],
)
def test_what_html_says(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def test_a_refused_page_is_asked_for_again() -> None:
    def refuse() -> DeskAnswers:
        raise Rejected("gone", "desk.example answers 404")

    with pytest.raises(Busy, match="404"):
        page_of(refuse)
    page = DeskAnswers((), {"since": 1})
    assert page_of(lambda: page) is page


@pytest.mark.parametrize("found", [None, [], {}, {"tickets": None}, {"tickets": ["a"]}, "page", 7])
def test_what_is_no_list_is_waited_for(found: Any) -> None:
    with pytest.raises(Busy):
        rows(found, "tickets")
    with pytest.raises(Busy):
        only(found, "tickets")
