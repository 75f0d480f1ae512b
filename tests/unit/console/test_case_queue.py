from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.console.case_queue import (
    DUES,
    ORDERS,
    STATES,
    STATUSES,
    Place,
    QueueView,
    behind,
    condition,
)
from listener.domain.erasure import to_ms

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = st.text(max_size=40).map(lambda text: " ".join(text.replace("\0", "").split()))
VIEWS = st.builds(
    QueueView,
    queue=WORDS,
    level=WORDS,
    owner=WORDS,
    status=st.sampled_from(list(STATUSES)),
    channel=WORDS,
    cause=WORDS,
    due=st.sampled_from(list(DUES)),
    failed=st.booleans(),
    historical=st.booleans(),
    words=WORDS,
    order=st.sampled_from(list(ORDERS)),
)


@given(VIEWS)
def test_an_address_says_all_of_a_view(view: QueueView) -> None:
    assert QueueView.read(dict(parse_qsl(view.query))) == view


@given(st.dictionaries(st.sampled_from(["status", "due", "order", "queue", "failed", "words"]), st.text()))
def test_whatever_an_address_says_is_a_view(asked: dict[str, str]) -> None:
    view = QueueView.read(asked)
    assert view.status in STATUSES
    assert len(view.words) <= 300
    part, told = condition(view, "Kim", None, NOW)
    assert part % dict.fromkeys(told, "") is not None, "every parameter is told"


@given(VIEWS, st.frozensets(WORDS))
def test_words_of_people_stand_in_parameters_only(view: QueueView, queues: frozenset[str]) -> None:
    quoted = QueueView.read(
        {**dict(parse_qsl(view.query)), "words": "unlikely-words-here", "queue": "unlikely-queue"}
    )
    part, told = condition(quoted, "unlikely-person", queues, NOW)
    assert "unlikely" not in part
    assert told["queues"] == sorted(queues)


def test_only_what_is_not_usual_stands_in_an_address() -> None:
    assert QueueView().query == ""
    assert QueueView(queue="a b", failed=True).query == "queue=a+b&failed=1"


def test_a_view_without_one_condition() -> None:
    view = QueueView(queue="money", due="overdue", owner="me")
    assert [name for name, _ in view.conditions()] == ["queue", "owner", "due"]
    assert view.without("due") == QueueView(queue="money", owner="me")


def test_mine_and_nobodys() -> None:
    assert condition(QueueView(owner="me"), "Kim", None, NOW)[1]["owner"] == "Kim"
    assert condition(QueueView(owner="-"), "Kim", None, NOW)[1]["owner"] == ""
    assert condition(QueueView(owner="Lea"), "Kim", None, NOW)[1]["owner"] == "Lea"


def test_what_is_due_is_due_from_now_on() -> None:
    assert condition(QueueView(due="today"), "Kim", None, NOW)[1]["due_ms"] == to_ms(NOW + timedelta(days=1))


def test_no_queue_is_not_every_queue() -> None:
    assert "has(%(queues)s, queue)" in condition(QueueView(), "Kim", [], NOW)[0]
    assert "queues" not in condition(QueueView(), "Kim", None, NOW)[1]


@given(st.integers(0, 100), st.integers(-(10**13), 10**13), st.from_regex(r"\AK-[A-Z2-7]{13}\Z"))
def test_a_place_is_read_back(priority: int, at_ms: int, case_id: str) -> None:
    place = Place(priority, at_ms, case_id)
    assert Place.read(str(place)) == place


@pytest.mark.parametrize("text", ["", "1.2", "1.2.K-", "x.2.K-ABCDEFGHJKMN2", "1.2.K-ABCDEFGHJKMN2 OR 1=1"])
def test_what_is_no_place(text: str) -> None:
    assert Place.read(text) is None


def test_the_first_page_is_behind_nothing() -> None:
    assert behind(None) == ("1", {})


def test_superseded_cases_are_in_no_view() -> None:
    assert all("superseded" not in states for states in STATES.values())
