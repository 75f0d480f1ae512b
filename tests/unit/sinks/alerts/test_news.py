"""What is new in the log of alerts, for one destination."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from listener.destinations import SlackTo, UrlSecret
from listener.domain.governance import Alert
from sinks.alerts.news import News, Standing

TO = SlackTo(kind="slack", secrets=UrlSecret(url="SLACK"), queues=("phone",))


def alert(**changes: object) -> Alert:
    base = {
        "alert_id": "a1",
        "kind": "breach",
        "subject": "K-1",
        "due_at": datetime(2026, 3, 2, 17, 15, tzinfo=UTC),
        "text": "K-1 in phone: overdue",
        "severity": "critical",
        "queue": "phone",
    }
    return Alert.model_validate(base | changes)


def over(**changes: object) -> Alert:
    ended = {"withdrawn": True, "severity": "info", "queue": None, "text": "K-1: it does not hold any more"}
    return alert(**(ended | changes))


def told(*records: Alert) -> Sequence[News]:
    standing = Standing(TO.wants)
    found = (standing.read(record, offset) for offset, record in enumerate(records))
    return [news for news in found if news is not None]


def test_an_alert_is_told_once_however_often_it_is_published() -> None:
    assert [news.over for news in told(alert(), alert(owner="ann"), alert(level="manager"))] == [False]


def test_what_is_over_names_what_was_told() -> None:
    raised, ended = told(alert(), over(), over())
    assert ended.over
    assert ended.raised_id == raised.news_id != ended.news_id
    assert ended.text == "no longer: K-1 in phone: overdue"


def test_an_alert_that_goes_to_another_queue_is_over_here_and_told_when_it_comes_back() -> None:
    assert [news.over for news in told(alert(), alert(queue="shop"), over(), alert())] == [False, True, False]


def test_what_never_was_of_this_destination_does_not_end_here() -> None:
    assert not told(alert(queue="shop"), alert(severity="info"), alert(queue=None))


def test_an_end_whose_beginning_the_log_has_lost_is_told() -> None:
    (ended,) = told(over())
    assert ended.over
    assert ended.raised is None


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.sampled_from(["phone", "shop"]))))
def test_beginnings_and_ends_take_turns_and_the_ids_are_those_of_any_reader(
    steps: list[tuple[str, bool, str]],
) -> None:
    records = [over(alert_id=a) if gone else alert(alert_id=a, queue=queue) for a, gone, queue in steps]
    found = told(*records)
    assert found == told(*records)
    assert len({news.news_id for news in found}) == len(found)
    for name in "ab":
        turns = [news.over for news in found if news.alert.alert_id == name]
        assert all(first != second for first, second in pairwise(turns))
