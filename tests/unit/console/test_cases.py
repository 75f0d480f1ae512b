import html
import re
from datetime import timedelta
from typing import Any

import pytest

from console_client import ADMIN, AGENT, NOW, PARTNER, VIEWER, Browser
from fakes.case_office import Office, answered, case_of, contact
from listener.console.case_queue import QueueView
from listener.console.case_store import Said
from listener.console.cases import cases_section
from listener.console.live import LiveHub
from listener.console.roles import Person
from listener.domain.case import Case
from listener.domain.errors import ServiceError

HOUR = timedelta(hours=1)
FIRST = case_of(contact(1, NOW - 3 * HOUR))
URGENT = case_of(contact(2, NOW - HOUR), priority=90, queue="safety")
AGENCYS = case_of(contact(3, NOW - 2 * HOUR), queue="agency")


def browser(*cases: Case, person: Person = AGENT) -> tuple[Browser, Office]:
    office, hub = Office(*cases), LiveHub()
    return Browser(cases_section(office, office, office, hub), person=person, hub=hub), office


def fields_of(page: str, form: str) -> dict[str, str]:
    """The hidden fields of a form, by the end of its address."""
    [found] = re.findall(
        rf'<form[^>]*action="[^"]*/{form}[^"]*"[^>]*id="(?:answer-form|close-form|again-form)".*?</form>',
        page,
        re.DOTALL,
    )[:1]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found)
    return {name: html.unescape(value) for name, value in hidden if name != "csrf"}


def answer_form(client: Browser, case: Case, **fields: str) -> dict[str, str]:
    """An answer as somebody fills it in on the page."""
    told = {"kind": "answered", "channel": "phone", "level": "front_line", "text": "It leaves today."}
    return fields_of(client.get(f"/cases/{case.case_id}").text, "answer") | told | fields


def later(case: Case, **changes: Any) -> Case:
    """Its next snapshot."""
    return case.model_copy(update={"version": case.version + 1, **changes})


def test_the_queue_is_in_the_order_of_need_and_leads_to_cases() -> None:
    client, _ = browser(FIRST, URGENT)
    page = client.get("/cases").text
    assert page.index(URGENT.case_id) < page.index(FIRST.case_id)
    assert "Sam Lee" in page
    [first] = re.findall(r'class="row" id="row-[^"]*" href="([^"]*)"', page)[:1]
    assert client.get(html.unescape(first)).status_code == 200


def test_work_through_leads_from_case_to_case_and_says_when_it_is_done() -> None:
    client, _ = browser(FIRST, URGENT)
    seen = []
    address = "/cases/next?"
    for _ in range(2):
        address = client.get(address).headers["location"]
        page = client.get(address).text
        seen.append(re.findall(r'id="case-id">([^<]*)<', page)[0])
        [address] = [html.unescape(found) for found in re.findall(r'id="next" href="([^"]*)"', page)]
    assert seen == [URGENT.case_id, FIRST.case_id]
    assert "last case of this view" in client.get(client.get(address).headers["location"]).text


def test_a_case_at_a_glance() -> None:
    failed = contact(1, NOW - 30 * HOUR, failed=True, failed_because="nobody answered in time")
    before = case_of(contact(9, NOW - 300 * HOUR), failed_contacts=3, state="resolved")
    case = case_of(
        failed,
        contact(2, NOW - HOUR, "Hello?", channel="email", visibility="private", url=None),
        failed_contacts=1,
        failed_levels=("front_line",),
        responses=(answered(1, NOW - 2 * HOUR),),
        response_count=1,
    )
    client, _ = browser(case, before)
    page = client.get(f"/cases/{case.case_id}").text
    assert (
        "We have failed this customer 4 times: 1 in this matter (front line), 3 in earlier matters." in page
    )
    assert all(line in page for line in case.summary)
    assert "nobody answered in time" in page
    assert "queues.complaints" in page
    told = [page.index(words) for words in ("My parcel is late.", "It leaves today.", "Hello?")]
    assert told == sorted(told)
    assert 'href="https://chirp.example/1" rel="noopener noreferrer"' in page
    assert [entry.action for entry in client.audited] == ["see.case"]


def test_an_answer_is_published_once_however_often_it_is_sent() -> None:
    client, office = browser(FIRST)
    fields = answer_form(client, FIRST, amount="12,50", currency="eur", given_for="late")
    for _ in range(2):
        sent = client.post(f"/cases/{FIRST.case_id}/answer", fields)
        assert sent.status_code == 303
        office.cases[FIRST.case_id] = later(FIRST, response_count=1, responses=(answered(1, NOW),))
    [answer] = office.answers
    assert (answer["by"], answer["kind"], answer["channel"]) == ("Kim Agent", "answered", "phone")
    assert (answer["goodwill"].amount, answer["goodwill"].currency) == (12.5, "EUR")
    assert "recorded" in client.get(sent.headers["location"]).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": ""}, "Choose what the answer was."),
        ({"kind": "declined"}, "the customer is owed a reason"),
        ({"amount": "much", "currency": "EUR"}, "Give the amount as a number"),
        ({"amount": "5", "currency": "euro"}, "three letters"),
        ({"given_for": "late"}, "Say how much was given"),
        ({"channel": "pigeon"}, "Choose how it was answered."),
    ],
)
def test_what_cannot_be_taken_is_said_beside_what_was_typed(wrong: dict[str, str], said: str) -> None:
    client, office = browser(FIRST)
    page = client.post(f"/cases/{FIRST.case_id}/answer", answer_form(client, FIRST, **wrong))
    assert page.status_code == 422
    assert said in html.unescape(page.text)
    assert "It leaves today." in page.text
    assert office.answers == []


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (
            {"contacts": (*FIRST.contacts, contact(5, NOW, "Now I am angry")), "contact_count": 2},
            "Now I am angry",
        ),
        ({"responses": (answered(1, NOW, "Lea Other"),), "response_count": 1}, "Lea Other answered"),
        ({"owner": "M. Manager"}, "handed from nobody to M. Manager"),
        ({"state": "resolved"}, "is “Resolved”"),
    ],
)
def test_who_answers_what_has_changed_hears_how_and_loses_no_word(news: dict[str, Any], said: str) -> None:
    client, office = browser(FIRST)
    fields = answer_form(client, FIRST, text="Half an hour of typing")
    office.cases[FIRST.case_id] = later(FIRST, **news)
    page = client.post(f"/cases/{FIRST.case_id}/answer", fields)
    assert page.status_code == 409
    assert said in html.unescape(page.text)
    assert "Half an hour of typing" in page.text
    assert office.answers == []
    again = fields | fields_of(page.text, "answer")
    assert client.post(f"/cases/{FIRST.case_id}/answer", again).status_code == 303
    assert len(office.answers) == 1


def test_a_clock_that_ticks_is_no_news() -> None:
    client, office = browser(FIRST)
    fields = answer_form(client, FIRST)
    office.cases[FIRST.case_id] = later(FIRST, priority=70)
    assert client.post(f"/cases/{FIRST.case_id}/answer", fields).status_code == 303


def test_nothing_is_lost_while_kafka_is_away() -> None:
    client, office = browser(FIRST)
    office.away = ServiceError("Kafka does not answer")
    fields = answer_form(client, FIRST)
    page = client.post(f"/cases/{FIRST.case_id}/answer", fields)
    assert page.status_code == 503
    assert "It leaves today." in page.text
    office.away = None
    assert client.post(f"/cases/{FIRST.case_id}/answer", fields).status_code == 303
    assert len(office.answers) == 1


def test_hand_over_split_merge_and_close() -> None:
    case = case_of(contact(1, NOW - 3 * HOUR), contact(4, NOW - HOUR))
    client, office = browser(case, URGENT)

    def act(action: str, **fields: str) -> int:
        hidden = fields_of(client.get(f"/cases/{case.case_id}").text, "act")
        return client.post(f"/cases/{case.case_id}/act", {**hidden, "action": action, **fields}).status_code

    one, two = ("chirp:1", "chirp:sam_lee"), ("chirp:4", "chirp:sam_lee")
    assert act("assign", owner="M. Manager") == 303
    assert act("apart", contact="chirp:4") == 303
    assert act("apart", contact="chirp:1") == 303
    assert act("mark_failed", contact="chirp:4", reason="no call") == 303
    assert act("together", other=URGENT.case_id.lower()) == 303
    assert act("close", reason="settled in the shop") == 303
    assert [(done[0], done[1]) for done in office.acts_done] == [
        ("assign", [one]),
        ("apart", [two, one]),
        ("apart", [two, one]),
        ("mark_failed", [two]),
        ("together", [one, ("chirp:2", "chirp:sam_lee")]),
        ("close", [one]),
    ]
    assert act("together", other="K-AAAAAAAAAAAAA") == 422
    assert act("mark_failed", contact="chirp:77") == 422
    assert act("assign", owner=" ") == 422
    assert act("destroy") == 422


def test_a_contact_needs_no_answer_and_then_it_does() -> None:
    case = case_of(contact(1, NOW - 3 * HOUR), contact(4, NOW - HOUR, need="mention", needs_response=False))
    client, office = browser(case)
    address = f"/cases/{case.case_id}"
    shown = client.get(address).text
    assert shown.count(">Needs no answer</button>") == 1, "a mention asks for none"
    assert shown.count(">Needs an answer</button>") == 1, "a complaint asks for one"
    told = {**fields_of(shown, "act"), "action": "needs_no_response", "contact": "chirp:1"}
    answer = client.post(f"{address}/act", told, follow_redirects=True)
    assert "A case in which nothing else asks for one is over." in answer.text
    over = {"state": "superseded", "contacts": (), "contact_count": 0, "superseded_by": None}
    office.cases[case.case_id] = later(case, **over)
    page = client.get(address).text
    assert "This case is over" in page
    told = {**fields_of(page, "act"), "action": "needs_response", "contact": "chirp:1"}
    answer = client.post(f"{address}/act", told, follow_redirects=True)
    assert "It opens again in a moment" in answer.text
    one = ("chirp:1", "chirp:sam_lee")
    assert [(done[0], done[1]) for done in office.acts_done] == [
        ("needs_no_response", [one]),
        ("needs_response", [one]),
    ]
    office.away = ServiceError("Kafka does not answer")
    told = {**fields_of(client.get(address).text, "act"), "action": "needs_response", "contact": "chirp:1"}
    assert "Kafka does not answer" in client.post(f"{address}/act", told).text
    office.away = None
    office.cases[case.case_id] = later(case, **(over | {"superseded_by": URGENT.case_id}))
    assert "It does need an answer" not in client.get(address).text, "it lives on elsewhere"


def test_two_customers_are_never_made_one_case() -> None:
    other = case_of(contact(7, NOW, author="chirp:else"), party="a:chirp:else")
    client, office = browser(FIRST, other)
    hidden = fields_of(client.get(f"/cases/{FIRST.case_id}").text, "act")
    page = client.post(
        f"/cases/{FIRST.case_id}/act", {**hidden, "action": "together", "other": other.case_id}
    )
    assert page.status_code == 422
    assert "confirm a link first" in page.text
    assert office.acts_done == []


def test_a_word_on_who_it_is() -> None:
    client, office = browser(FIRST)
    hidden = fields_of(client.get(f"/cases/{FIRST.case_id}").text, "act")
    told = {
        "author": "chirp:sam_lee",
        "customer_id": "C-7",
        "verdict": "confirmed",
        "evidence": "called back",
    }
    assert client.post(f"/cases/{FIRST.case_id}/identity", hidden | told).status_code == 303
    assert office.decisions == [("chirp:sam_lee", "C-7", "confirmed", "Kim Agent", "called back")]
    assert (
        client.post(f"/cases/{FIRST.case_id}/identity", hidden | told | {"author": "x:y"}).status_code == 422
    )


def test_a_partner_sees_its_queues_only() -> None:
    client, office = browser(FIRST, AGENCYS, person=PARTNER)
    page = client.get("/cases").text
    assert AGENCYS.case_id in page
    assert FIRST.case_id not in page
    assert FIRST.queue not in page
    assert client.get(f"/cases?queue={FIRST.queue}&status=any").text.count("row-K-") == 1
    unknown = client.get("/cases/K-AAAAAAAAAAAAA")
    hidden = client.get(f"/cases/{FIRST.case_id}")
    assert unknown.status_code == hidden.status_code == 404
    assert hidden.text.replace(FIRST.case_id, "K-AAAAAAAAAAAAA") == unknown.text
    own = client.get(f"/cases/{AGENCYS.case_id}").text
    assert FIRST.case_id not in own, "their other cases are in the company’s queues"
    fields = answer_form(client, AGENCYS)
    assert client.post(f"/cases/{FIRST.case_id}/answer", fields).status_code == 404
    assert client.post(f"/cases/{FIRST.case_id}/open", {}).status_code == 404
    merged = {**fields_of(own, "act"), "action": "together", "other": FIRST.case_id}
    assert client.post(f"/cases/{AGENCYS.case_id}/act", merged).status_code == 422
    assert client.post(f"/cases/{AGENCYS.case_id}/answer", fields).status_code == 303
    assert [answer["case_id"] for answer in office.answers] == [AGENCYS.case_id]


def test_a_partner_is_not_told_with_whose_records_an_account_agrees() -> None:
    client, office = browser(AGENCYS)
    told = Said("chirp:3", "Hello?", "", "Sam", "", False, "ambiguous", ("the phone is that of Ben (C-2)",))
    office.said = {"chirp:3": told}
    assert "that of Ben (C-2)" in client.get(f"/cases/{AGENCYS.case_id}").text
    client.before.sits = PARTNER
    page = client.get(f"/cases/{AGENCYS.case_id}").text
    assert "Hello?" in page
    assert "Ben" not in page


def test_a_partner_links_no_account_to_a_customer() -> None:
    client, office = browser(AGENCYS, person=PARTNER)
    page = client.get(f"/cases/{AGENCYS.case_id}").text
    assert "Say who this is" not in page
    told = {"author": AGENCYS.anchor_author, "customer_id": "C-7", "verdict": "confirmed"}
    answer = client.post(f"/cases/{AGENCYS.case_id}/identity", fields_of(page, "act") | told)
    assert answer.status_code == 403
    assert office.decisions == [], "else the case would show the record of any customer"


def test_a_viewer_looks_and_does_not_act() -> None:
    client, office = browser(FIRST, person=VIEWER)
    page = client.get(f"/cases/{FIRST.case_id}")
    assert page.status_code == 200
    assert "Record the answer" not in page.text
    told = {"token": "0" * 32, "kind": "answered"}
    assert client.post(f"/cases/{FIRST.case_id}/answer", told).status_code == 403
    assert client.post(f"/cases/{FIRST.case_id}/act", {"action": "close"}).status_code == 403
    assert client.post(f"/cases/{FIRST.case_id}/identity", {}).status_code == 403
    assert (office.answers, office.acts_done, office.decisions) == ([], [], [])


def test_who_else_has_it_open() -> None:
    client, _ = browser(FIRST)
    client.get(f"/cases/{FIRST.case_id}")
    client.before.sits = ADMIN
    page = client.get(f"/cases/{FIRST.case_id}").text
    assert "Also open by <bdi>Kim Agent</bdi>" in page
    client.before.sits = AGENT
    assert client.post(f"/cases/{FIRST.case_id}/open", {}).json() == {"people": ["Ana Admin", "Kim Agent"]}
    client.post(f"/cases/{FIRST.case_id}/open", {"gone": "1"})
    client.before.sits = ADMIN
    assert client.post(f"/cases/{FIRST.case_id}/open", {}).json() == {"people": ["Ana Admin"]}


def test_a_case_that_became_another_leads_there() -> None:
    gone = FIRST.model_copy(update={"state": "superseded", "superseded_by": URGENT.case_id})
    client, _ = browser(gone, URGENT)
    assert f"/cases/{URGENT.case_id}" in client.get(f"/cases/{FIRST.case_id}").text


def test_views_are_kept_for_whoever_made_them() -> None:
    client, office = browser(FIRST)
    view = QueueView(queue="complaints", due="overdue")
    kept = client.post("/cases/views", {"name": "Late <b>ones</b>", "view": view.query})
    assert kept.headers["location"] == f"/cases?{view.query}"
    assert "Late &lt;b&gt;ones&lt;/b&gt;" in client.get("/cases").text
    assert client.post("/cases/views", {"name": " ", "view": ""}).status_code == 422
    client.before.sits = ADMIN
    assert "ones" not in client.get("/cases").text
    client.before.sits = AGENT
    client.post("/cases/views", {"forget": "Late <b>ones</b>", "view": ""})
    assert office.views == {"Kim Agent": []}
    office.away = ServiceError("away")


def test_hostile_words_are_only_ever_text() -> None:
    words = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    case = case_of(
        contact(1, NOW, words, author=f"chirp:{words}", url="javascript:alert(3)"),
        customer=None,
        anchor_author=f"chirp:{words}",
        owner=words,
        queue=words,
        summary=(words,),
    )
    client, _ = browser(case)
    for page in (client.get(f"/cases/{case.case_id}").text, client.get("/cases").text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "javascript:" not in page
