from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_client import NOW
from fakes.case_office import answered, case_of, contact
from listener.console.case_store import Act, Said
from listener.console.case_story import Failures, Seen, since, timeline, web_address
from listener.domain.case import Case
from listener.domain.clock import BlackHole, Clock
from listener.domain.response import Goodwill

HOUR = timedelta(hours=1)
BEGAN = NOW - 30 * HOUR


def whole(number: int, text: str, *, deleted: bool = False) -> Said:
    return Said(f"chirp:{number}", text, "", "Sam", "", deleted, "unknown", ())


def clock(state: str, due: timedelta, stopped: timedelta | None = None) -> Clock:
    return Clock.model_validate(
        {
            "kind": "first_response",
            "anchor": "chirp:1",
            "started_at": BEGAN,
            "due_at": BEGAN + due,
            "stopped_at": None if stopped is None else BEGAN + stopped,
            "state": state,
        }
    )


def hole() -> BlackHole:
    return BlackHole(
        contact="chirp:1",
        author="chirp:sam_lee",
        source="s",
        channel="social",
        queue="complaints",
        since=BEGAN,
        due_at=BEGAN + 8 * HOUR,
        became_at=BEGAN + 9 * HOUR,
    )


def test_everything_stands_in_one_line_of_time() -> None:
    case = case_of(
        contact(1, BEGAN),
        contact(2, BEGAN + 20 * HOUR, channel="email", failed=True, failed_because="nobody answered in time"),
        responses=(
            answered(1, BEGAN + 10 * HOUR, goodwill=Goodwill(amount=5, currency="EUR", reason="late")),
        ),
        clocks=(clock("breached", 8 * HOUR, 10 * HOUR), clock("running", 40 * HOUR)),
        black_holes=(hole(),),
    )
    acts = [Act(BEGAN + 12 * HOUR, "Lea", "case.assign", case.case_id, {"owner": "M. {owner} %s"})]
    told = timeline(case, {}, acts, NOW)
    assert [(entry.at - BEGAN) // HOUR for entry in told] == [0, 8, 9, 10, 12, 20, 40]
    assert [entry.kind for entry in told] == [
        "contact",
        "missed",
        "black_hole",
        "answered",
        "act",
        "contact",
        "due",
    ]
    assert (
        told[1].what == "First response was missed; it was answered 120 min late"
        or "2 h late" in told[1].what
    )
    assert told[3].given == "5 EUR: late"
    assert "10 h later" in told[3].what
    assert told[4].what == "handed it to M. {owner} %s"
    assert told[5].failed == "nobody answered in time"


def test_texts_are_whole_where_they_are_stored() -> None:
    case = case_of(contact(1, BEGAN, "The beginnin…"), contact(2, BEGAN + HOUR, "The beginnin…"))
    first, second = timeline(case, {"chirp:1": whole(1, "The beginning and the end")}, [], NOW)[:2]
    assert (first.text, first.whole, first.who) == ("The beginning and the end", True, "Sam")
    assert (second.text, second.whole) == ("The beginnin…", False)


@pytest.mark.parametrize("known_by_case", [True, False])
def test_what_is_deleted_is_not_told(known_by_case: bool) -> None:
    said = contact(1, BEGAN, "" if known_by_case else "secret", deleted=known_by_case)
    [entry, *_] = timeline(case_of(said), {"chirp:1": whole(1, "", deleted=True)}, [], NOW)
    assert (entry.text, entry.url, entry.deleted, entry.who) == ("", "", True, "chirp:sam_lee")


@given(st.text())
def test_only_addresses_of_the_web_are_links(url: str) -> None:
    assert web_address(url) in ("", url)
    assert web_address("javascript:alert(1)") == web_address(" https://x") == web_address(None) == ""
    assert web_address("HTTPS://x.example") == "HTTPS://x.example"


FIRST = case_of(contact(1, BEGAN))


@pytest.mark.parametrize(
    ("now", "news"),
    [
        (FIRST.model_copy(update={"version": 2, "priority": 90}), []),
        (FIRST.model_copy(update={"contact_count": 2}), []),
        (
            FIRST.model_copy(
                update={
                    "version": 2,
                    "contact_count": 2,
                    "contacts": (*FIRST.contacts, contact(2, NOW, "Well?", channel="email")),
                }
            ),
            ["The customer wrote again by email: “Well?”"],
        ),
        (FIRST.model_copy(update={"version": 2, "contact_count": 4}), ["The customer wrote 3 times"]),
        (
            FIRST.model_copy(update={"version": 2, "state": "superseded", "superseded_by": "K-B"}),
            ["It is part of K-B now."],
        ),
        (
            FIRST.model_copy(update={"version": 2, "state": "resolved", "owner": "Lea"}),
            ["It was “New”, and is “Resolved”.", "It was handed from nobody to Lea."],
        ),
    ],
)
def test_what_is_news_since_somebody_looked(now: Case, news: list[str]) -> None:
    assert since(Seen.of(FIRST), now) == news


def test_what_was_seen_is_read_back() -> None:
    assert Seen.read(str(Seen.of(FIRST))) == Seen.of(FIRST)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "null", "[" * 100_000, '{"version": "1"}', str(Seen.of(FIRST)).replace("1", '"x"', 1)],
)
def test_what_is_not_what_we_gave(text: str) -> None:
    assert Seen.read(text) is None


@pytest.mark.parametrize(
    ("failures", "sentence"),
    [
        (Failures(0, 0, ()), "We have not failed this customer so far."),
        (Failures(1, 0, ("front_line",)), "We have failed this customer once: in this matter (front line)."),
        (Failures(0, 2, ()), "We have failed this customer twice: in earlier matters."),
        (
            Failures(2, 3, ("front_line", "manager")),
            "We have failed this customer 5 times: 2 in this matter (front line, manager), 3 in earlier matters.",
        ),
    ],
)
def test_how_often_we_failed_them(failures: Failures, sentence: str) -> None:
    assert failures.sentence == sentence
