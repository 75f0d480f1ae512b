"""The adapter on a real Request Tracker, with an account that has no more rights than docs/desks.md asks for."""

import itertools
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures_request_tracker import AGENT, NO_RESPONSE, OURS, RequestTrackerServer
from listener import examples
from listener.bootstrap_desks import desk as configured
from listener.desks import AnsweredThere, RequestTrackerDesk, RequestTrackerSecrets
from listener.domain.case import Case
from listener.domain.errors import Busy, Rejected, ServiceError
from listener.settings import load_settings
from sinks.desks.desk import Draft, Farewell, Known, Update
from sinks.desks.draft import draft_of
from sinks.desks.request_tracker import SETTLED, RequestTracker
from sinks.desks.server import DeskServer

CASE = Case.read(examples.examples()[Case].to_json())
NUMBERS = itertools.count(1)


def desk(server: RequestTrackerServer, password: str = OURS[1], **more: Any) -> RequestTracker:
    config = RequestTrackerDesk.model_validate(
        {
            "kind": "request-tracker",
            "url": server.url,
            "username": OURS[0],
            "secrets": RequestTrackerSecrets(password="RT_PASSWORD"),
            "queue_of": {"complaints": "Complaints"},
            "internal_hosts": ("127.0.0.1",),
            "answers": AnsweredThere(),
        }
        | more
    )
    asks = DeskServer(server.url, {}, config.internal_hosts, auth=(OURS[0], password))
    return RequestTracker(asks, config, lambda: datetime.now(UTC))


@pytest.fixture
def rt(request_tracker: RequestTrackerServer) -> Iterator[RequestTracker]:
    made = desk(request_tracker)
    yield made
    made.close()


def draft(**more: Any) -> Draft:
    """Of a case that no other test has."""
    letters = "".join("ABCDEFGHIJ"[int(digit)] for digit in f"{next(NUMBERS):013}")
    return draft_of(CASE.model_copy(update={"case_id": f"K-{letters}"} | more), "rt")


def changed(of: Draft, **more: Any) -> Draft:
    return draft_of(of.case.model_copy(update=more), "rt")


def update(of: Draft, **more: Any) -> Update:
    return replace(Update(of, entries=(), outcome=None, renamed_from=None, doubtful=False), **more)


def history(server: RequestTrackerServer, ticket_id: str, kind: str) -> list[dict[str, Any]]:
    query = f"ObjectType = 'RT::Ticket' AND ObjectId = {ticket_id} AND Type = '{kind}'"
    found: list[dict[str, Any]] = server.ask("GET", "/transactions", params={"query": query})["items"]
    return found


def test_the_check_names_what_is_wrong(request_tracker: RequestTrackerServer, rt: RequestTracker) -> None:
    assert rt.check().startswith("Request Tracker 5.")
    with pytest.raises(ServiceError, match="401"):
        desk(request_tracker, "wrong-secret").check()
    with pytest.raises(ServiceError, match="Nowhere"):
        desk(request_tracker, queue="Nowhere").check()


def test_a_token_does_as_well_as_a_password(request_tracker: RequestTrackerServer, tmp_path: Path) -> None:
    file = tmp_path / "listener.yaml"
    file.write_text(
        f"desks:\n  support:\n    kind: request-tracker\n    url: {request_tracker.url}\n    username: listener\n"
        "    secrets: {token: RT_TOKEN}\n    internal_hosts: [127.0.0.1]\n"
    )
    refused = pytest.raises(ServiceError, match="401")
    for token, what in ((request_tracker.token, nullcontext()), ("1-14-wrong", refused)):
        with closing(configured(load_settings(file, tmp_path, {"RT_TOKEN": token}), "support")) as made, what:
            assert made.check().endswith("queues General")


def test_a_ticket_is_found_by_its_case_at_once(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one = draft(due_at=datetime(2026, 3, 2, 17, 15, tzinfo=UTC))
    assert rt.find(one.case_id) is None
    known = rt.open(one)
    assert rt.find(one.case_id) == known
    assert known.url == f"{request_tracker.url}/Ticket/Display.html?id={known.ticket_id}"
    ticket = request_tracker.ask("GET", f"/ticket/{known.ticket_id}")
    assert ticket["Subject"] == one.title
    assert request_tracker.queue_of(ticket) == "Complaints"
    assert (ticket["Status"], ticket["Priority"], ticket["Due"]) == ("new", "60", "2026-03-02T17:15:00Z")
    assert rt.open(draft(queue="praise", due_at=None)).ticket_id != known.ticket_id


def test_what_changes_is_told_and_what_people_set_is_left(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one = draft()
    ticket_id = rt.open(one).ticket_id
    request_tracker.ask("PUT", f"/ticket/{ticket_id}", json={"Queue": "General", "Status": "stalled"})
    later = changed(one, priority=91, due_at=None)
    rt.update(ticket_id, update(later, changed=frozenset({"priority", "due"}), entries=one.entries[:1]))
    ticket = request_tracker.ask("GET", f"/ticket/{ticket_id}")
    assert (ticket["Status"], ticket["Priority"]) == ("stalled", "91")
    assert request_tracker.queue_of(ticket) == "General"
    assert ticket["Due"].startswith("1970")
    assert len(history(request_tracker, ticket_id, "Comment")) == 1


def test_a_note_whose_arrival_is_in_doubt_is_not_doubled(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one = draft()
    ticket_id = rt.open(one).ticket_id
    rt.update(ticket_id, update(one, entries=one.entries, doubtful=True))
    assert history(request_tracker, ticket_id, "Comment") == []
    said = one.case.contacts[0].model_copy(
        update={"mention_id": "chirp:9", "excerpt": "Noch immer: größer €"}
    )
    later = changed(one, contacts=(*one.case.contacts, said))
    fresh = tuple(entry for entry in later.entries if entry.mark == "[chirp:9]")
    for doubtful in (False, True):
        rt.update(ticket_id, update(later, entries=fresh, doubtful=doubtful))
    assert len(history(request_tracker, ticket_id, "Comment")) == 1


def test_it_closes_and_opens_with_its_case(request_tracker: RequestTrackerServer, rt: RequestTracker) -> None:
    one = draft()
    ticket_id = rt.open(one).ticket_id
    states = []
    for outcome in ("open", "resolved", "resolved", "open", "declined", "resolved"):
        rt.update(ticket_id, update(one, changed=frozenset(), outcome=outcome))
        states.append(request_tracker.ask("GET", f"/ticket/{ticket_id}")["Status"])
    assert states == ["new", "resolved", "resolved", "open", "rejected", "rejected"]


def test_a_renamed_ticket_is_found_by_its_new_name_only(rt: RequestTracker) -> None:
    one, other = draft(), draft()
    known = rt.open(one)
    for _ in range(2):
        rt.update(known.ticket_id, update(other, renamed_from=one.case_id))
    assert rt.find(one.case_id) is None
    assert rt.find(other.case_id) == known


def test_a_rename_that_was_cut_short_is_mended(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one, other = draft(), draft()
    known = rt.open(one)
    both = {"AddRefersTo": [f"listener:{other.case_id}", "https://example.test/what-people-added"]}
    request_tracker.ask("PUT", f"/ticket/{known.ticket_id}", json=both)
    rt.update(known.ticket_id, update(one, changed=frozenset()))
    assert (rt.find(one.case_id), rt.find(other.case_id)) == (known, None)
    links = str(request_tracker.ask("GET", f"/ticket/{known.ticket_id}")["_hyperlinks"])
    assert "what-people-added" in links


def test_a_retired_ticket_says_why_once_and_is_found_no_more(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one = draft()
    ticket_id = rt.open(one).ticket_id
    for _ in range(2):
        rt.retire(
            ticket_id, Farewell(one.case_id, f"{one.case_id} is now part of K-B: see ticket 1", "event")
        )
    assert request_tracker.ask("GET", f"/ticket/{ticket_id}")["Status"] == "resolved"
    assert len(history(request_tracker, ticket_id, "Comment")) == 1
    assert rt.find(one.case_id) is None
    rt.update(ticket_id, update(one, outcome="open", renamed_from=one.case_id))
    assert rt.find(one.case_id) == Known(
        ticket_id, f"{request_tracker.url}/Ticket/Display.html?id={ticket_id}"
    )


def merged(request_tracker: RequestTrackerServer, rt: RequestTracker) -> tuple[Draft, Draft, str, str]:
    """Two cases, of which an agent has merged the first's ticket into the second's."""
    one, other = draft(), draft()
    gone, left = rt.open(one).ticket_id, rt.open(other).ticket_id
    request_tracker.ask("PUT", f"/ticket/{gone}", json={"MergeInto": int(left)})
    return one, other, gone, left


def test_tickets_that_people_merged_are_one_ticket_of_several_cases(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one, other, gone, left = merged(request_tracker, rt)
    page = rt.answers(None)
    while page.more:
        page = rt.answers(page.position)
    assert one.case_id not in {answer.case_id for answer in page.answers}, "to merge is no answer"
    for of, number in ((one, gone), (other, left)):
        rt.update(number, update(of, entries=of.entries, changed=frozenset()))
        known = rt.find(of.case_id)
        assert known is not None
        assert known.ticket_id == left
    assert len(history(request_tracker, left, "Comment")) == 2
    rt.update(gone, update(one, entries=one.entries, changed=frozenset(), doubtful=True))
    assert len(history(request_tracker, left, "Comment")) == 2, "it was told before the merge"

    request_tracker.correspond(left, "Both are on their way.")
    page = rt.answers(page.position)
    assert {(answer.case_id, answer.text) for answer in page.answers} == {
        (each.case_id, "Both are on their way.") for each in (one, other)
    }
    assert len({answer.answer_id for answer in page.answers}) == 2


def test_a_merged_ticket_closes_with_the_last_of_its_cases(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one, other, gone, left = merged(request_tracker, rt)

    def status() -> str:
        told: str = request_tracker.ask("GET", f"/ticket/{left}")["Status"]
        return told

    over, over_too = (changed(each, state="resolved") for each in (one, other))
    rt.update(left, update(over_too, outcome="resolved", changed=frozenset()))
    assert status() == "new"
    assert rt.find(other.case_id) is None
    rt.update(left, update(other, outcome="open", changed=frozenset()))
    rt.update(left, update(over_too, outcome="resolved", changed=frozenset()))
    rt.update(gone, update(over, outcome="resolved", changed=frozenset()))
    assert status() == "resolved"


def test_a_merged_ticket_outlives_a_case_that_became_part_of_the_other(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one, other, gone, left = merged(request_tracker, rt)
    heir = draft()
    rt.update(gone, update(heir, renamed_from=one.case_id, changed=frozenset()))
    found = [rt.find(each.case_id) for each in (one, heir, other)]
    assert [known and known.ticket_id for known in found] == [None, left, left]
    rt.retire(gone, Farewell(heir.case_id, f"{heir.case_id} is now part of {other.case_id}", "event"))
    assert request_tracker.ask("GET", f"/ticket/{left}")["Status"] == "new"
    assert rt.find(heir.case_id) is None
    known = rt.find(other.case_id)
    assert known is not None
    assert known.ticket_id == left


def test_what_cannot_be_is_told_apart(request_tracker: RequestTrackerServer, rt: RequestTracker) -> None:
    with pytest.raises(Rejected, match="gone"):
        rt.update("999999", update(draft()))
    with pytest.raises(Busy):
        desk(request_tracker, queue_of={}, queue="Nowhere").open(draft())
    blocked, blocker = rt.open(draft()).ticket_id, rt.open(draft()).ticket_id
    request_tracker.ask("PUT", f"/ticket/{blocked}", json={"AddDependsOn": blocker})
    with pytest.raises(Rejected, match="depend"):
        rt.update(blocked, update(draft(), changed=frozenset(), outcome="resolved"))


def test_what_people_answer_comes_back_once(
    request_tracker: RequestTrackerServer, rt: RequestTracker
) -> None:
    one, other = draft(), draft()
    ticket_id, declined = rt.open(one).ticket_id, rt.open(other).ticket_id
    page = rt.answers(None)
    while page.answers or page.more:
        page = rt.answers(page.position)
    rt.update(ticket_id, update(one, entries=one.entries, outcome="resolved"))
    rt.update(ticket_id, update(one, outcome="open"))
    request_tracker.correspond(ticket_id, "Ihr Geld kommt: größer €", status="resolved")
    html = {"Content": "<p>No:<br>it is <b>late</b> &amp; used</p>", "ContentType": "text/html"}
    request_tracker.ask("POST", f"/ticket/{declined}/comment", json=html)
    request_tracker.ask("PUT", f"/ticket/{declined}", json={"Status": "rejected"})
    stray = request_tracker.ask(
        "POST", "/ticket", json={"Queue": "General", "Subject": "a ticket of nobody"}
    )["id"]
    request_tracker.correspond(stray, "not ours")
    page = rt.answers(page.position)
    assert [(answer.case_id, answer.kind, answer.by) for answer in page.answers] == [
        (one.case_id, "answered", AGENT[0]),
        (one.case_id, "resolved", AGENT[0]),
        (other.case_id, "declined", AGENT[0]),
    ]
    assert page.answers[0].text == "Ihr Geld kommt: größer €"
    assert page.answers[2].reason == "No:\nit is late & used"
    assert abs(page.answers[0].at - datetime.now(UTC)) < timedelta(minutes=5)
    assert rt.answers(page.position).answers == ()
    assert len(page.position["seen"]) >= 3


def test_a_status_of_its_own_says_that_nobody_has_to_answer_and_stays(
    request_tracker: RequestTrackerServer,
) -> None:
    with closing(desk(request_tracker, queue="Praise", queue_of={}, no_response_status=NO_RESPONSE)) as rt:
        one = draft()
        ticket_id = rt.open(one).ticket_id
        page = rt.answers(None)
        while page.answers or page.more:
            page = rt.answers(page.position)

        def close_there() -> None:
            request_tracker.ask("PUT", f"/ticket/{ticket_id}", json={"Status": NO_RESPONSE})

        def status() -> str:
            told: str = request_tracker.ask("GET", f"/ticket/{ticket_id}")["Status"]
            return told

        said = {"Content": "It is meant kindly.", "ContentType": "text/plain"}
        request_tracker.ask("POST", f"/ticket/{ticket_id}/comment", json=said)
        close_there()
        page = rt.answers(page.position)
        assert [(each.case_id, each.kind, each.by, each.reason) for each in page.answers] == [
            (one.case_id, "needs_no_response", AGENT[0], "It is meant kindly.")
        ]
        rt.update(ticket_id, update(one, outcome="resolved"))
        assert status() == NO_RESPONSE
        rt.update(ticket_id, update(one, outcome="open"))
        assert status() == "open"
        close_there()
        rt.retire(ticket_id, Farewell(one.case_id, f"{one.case_id} asks for nothing", "event"))
        assert status() == NO_RESPONSE


def test_a_settled_answer_is_passed_and_not_remembered(request_tracker: RequestTrackerServer) -> None:
    now = desk(request_tracker)
    one = draft()
    ticket_id = now.open(one).ticket_id
    page = now.answers(None)
    request_tracker.correspond(ticket_id, "later")
    later = RequestTracker(
        DeskServer(request_tracker.url, {}, ("127.0.0.1",), auth=OURS),
        now._config,
        lambda: datetime.now(UTC) + 2 * SETTLED,
    )
    page = later.answers(page.position)
    assert page.answers
    assert page.position["seen"] == []
    assert later.answers(page.position).answers == ()
