"""The pages about cases in a real browser, with cases in memory: keys, two at once, hostile words, everybody."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from starlette.requests import Request

from accessible import assert_accessible
from console_client import AGENT, PARTNER, Before, Browser
from fakes.case_office import Office, answered, case_of, contact
from listener.bootstrap_cases import TakingDown
from listener.connectors.staff_form import StaffFormOptions
from listener.console.case_acts import Once
from listener.console.case_store import Doubt, Said
from listener.console.cases import cases_section
from listener.console.contact_form import contact_form_section
from listener.console.identities import identities_section
from listener.console.live import LiveHub
from listener.console.roles import Person
from listener.domain.case import Case
from listener.embedded.ports import free_port

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
PEOPLE = {person.name: person for person in (AGENT, PARTNER, Person("Lea Agent", "agent", session="l"))}
ZALGO = "".join(letter + "\u0335\u0321\u034d\u0321\u0361\u031b" * 6 for letter in "He com")
HOSTILE = (
    "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>",
    '"><svg onload=window.ran=1> {{7*7}} <a href="javascript:window.ran=1">x</a> </textarea></form>',
    "\u202eright to left\u202c \u0645\u0631\u062d\u0628\u0627 \u200f\u05e9\u05dc\u05d5\u05dd \u2066",
    ZALGO,
    "w" * 10_000,
    "a line\n" * 800 + "its end",
)
WIDTHS = {"wide": 1280, "phone": 360}


class AtWork(Office):
    """An office whose stream answers at once: what was done shows in the next snapshot, and is told."""

    hub: LiveHub

    def now(self) -> datetime:
        return NOW

    def hear(self, case: Case, **changes: Any) -> Case:
        """The next snapshot of a case comes."""
        newest = case.model_copy(update={"version": case.version + 1, **changes})
        self.cases[case.case_id] = newest
        told = {
            "case_id": case.case_id,
            "version": newest.version,
            "state": newest.state,
            "queue": newest.queue,
        }
        self.hub.publish("case", told, queue=newest.queue)
        return newest

    def answer(self, case: Case, told: Mapping[str, Any], token: str, at: datetime) -> None:
        super().answer(case, told, token, at)
        number = len(self.answers)
        words = {name: told[name] for name in ("kind", "by", "channel", "level", "reason")}
        given = answered(number, NOW, excerpt=told["excerpt"][:280], **words)
        states = {"answered": "waiting_for_customer", "acknowledged": case.state}
        self.hear(
            case,
            responses=(*case.responses, given),
            response_count=case.response_count + 1,
            state=states.get(told["kind"], told["kind"]),
        )


class ByName(Before):
    """Knows people by a header of their browser."""

    def person(self, request: Request) -> Person | None:
        return PEOPLE.get(request.headers.get("x-person", ""))


class Served:
    """The pages, and what is behind them."""

    def __init__(self, chromium: Chromium, office: AtWork, url: str) -> None:
        self.chromium = chromium
        self.office = office
        self.url = url

    @contextmanager
    def desk_of(self, person: str = AGENT.name, **options: Any) -> Iterator[Page]:
        """A browser before which somebody sits; nothing may go wrong in it unseen."""
        context = self.chromium.new_context(
            base_url=self.url, extra_http_headers={"X-Person": person}, **options
        )
        page, wrong = context.new_page(), list[str]()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("console", lambda told: wrong.append(told.text) if "Security Policy" in told.text else None)
        yield page
        context.close()
        assert wrong == []


@pytest.fixture(scope="module")
def served(chromium: Chromium) -> Iterator[Served]:
    office, hub = AtWork(), LiveHub()
    office.hub = hub
    form = TakingDown("counter", StaffFormOptions(company="Example Air"), lambda *_: None, lambda: NOW)
    app = Browser(
        cases_section(office, office, office, hub),
        identities_section(office, office),
        contact_form_section(form, Once(), lambda: NOW),
        hub=hub,
        sign_in=ByName(None),
    ).app
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Served(chromium, office, f"http://localhost:{port}")
    hub.close()
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def office(served: Served) -> AtWork:
    """Empty again."""
    served.office.cases.clear()
    served.office.said.clear()
    served.office.doubtful.clear()
    return served.office


def put(office: AtWork, *cases: Case) -> Sequence[Case]:
    office.cases.update({case.case_id: case for case in cases})
    return cases


def assert_fits(page: Page) -> None:
    """Nothing makes the page wider than the window."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, page.url


def wait_until_live(page: Page) -> None:
    expect(page.locator("#live-state[data-state=on]")).to_be_attached(timeout=15_000)


def test_a_queue_is_worked_through_without_the_mouse(served: Served, office: AtWork) -> None:
    first, second = put(
        office, case_of(contact(1, NOW - HOUR), priority=90), case_of(contact(2, NOW - HOUR, "Hello?"))
    )
    with served.desk_of() as page:
        page.goto("/cases")
        wait_until_live(page)
        page.keyboard.press("j")
        expect(page.locator(f"#row-{first.case_id}")).to_be_focused()
        page.keyboard.press("j")
        expect(page.locator(f"#row-{second.case_id}")).to_be_focused()
        office.hear(second, priority=91)
        expect(page.locator("a.row").first).to_have_id(f"row-{second.case_id}", timeout=15_000)
        expect(page.locator(f"#row-{second.case_id}")).to_be_focused()
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        expect(page.locator("#case-id")).to_have_text(second.case_id)
        wait_until_live(page)  # its keys are listened to by then
        page.keyboard.press("a")
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type("jkdnu? It leaves today.")
        expect(page.locator("#text")).to_have_value("jkdnu? It leaves today.")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".entry.us.answered")).to_contain_text("jkdnu? It leaves today.")
        expect(page.locator("#live-head .badge").first).to_have_text("Waits for the customer")
        page.keyboard.press("n")
        expect(page.locator("#case-id")).to_have_text(first.case_id)
        wait_until_live(page)  # its keys are listened to by then
        page.keyboard.press("d")
        expect(page.locator("#reason")).to_be_focused()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("the customer is owed a reason")
        expect(page.locator("#reason")).to_be_focused()
        page.keyboard.type("It was paid in March")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".entry.us.declined")).to_contain_text("It was paid in March")
        page.keyboard.press("n")
        expect(page.get_by_text("That was the last case of this view.")).to_be_visible()
    assert [answer["kind"] for answer in office.answers[-2:]] == ["answered", "declined"]


def test_keys_are_listed_and_can_be_switched_off(served: Served, office: AtWork) -> None:
    put(office, case_of(contact(1, NOW - HOUR)))
    with served.desk_of() as page:
        page.goto("/cases")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        assert_accessible(page)
        page.get_by_label("Single letters work as keys").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        expect(page.locator("a.row")).not_to_be_focused()
        page.get_by_role("button", name="Keys").click()
        expect(page.get_by_label("Single letters work as keys")).not_to_be_checked()


def test_two_agents_on_one_case(served: Served, office: AtWork) -> None:
    [case] = put(office, case_of(contact(1, NOW - HOUR)))
    with served.desk_of() as kim, served.desk_of("Lea Agent") as lea:
        kim.goto(f"/cases/{case.case_id}")
        wait_until_live(kim)
        lea.goto(f"/cases/{case.case_id}")
        wait_until_live(lea)
        expect(kim.locator("#presence")).to_contain_text("Lea Agent")
        expect(lea.locator("#presence")).to_contain_text("Kim Agent")
        lea.locator("#kind-declined").check()
        lea.locator("#reason").fill("It was paid in March")
        kim.locator("#kind-answered").check()
        kim.locator("#text").fill("We look into it.")
        kim.locator("#send").click()
        expect(lea.locator("#since")).to_contain_text("You began to write before that")
        expect(lea.locator(".entry.us.answered")).to_contain_text("We look into it.")
        expect(lea.locator("#reason")).to_have_value("It was paid in March")
        lea.locator("#send").click()
        expect(lea.locator("#news")).to_contain_text("Kim Agent answered: “We look into it.”")
        expect(lea.locator("#reason")).to_have_value("It was paid in March")
        assert_accessible(lea)
        lea.locator("#send").click()
        expect(lea.locator(".entry.us.declined")).to_contain_text("It was paid in March")
        wait_until_live(lea)
        kim.close()
        expect(lea.locator("#presence")).to_be_hidden()


def test_who_has_typed_nothing_goes_on_with_what_is_new(served: Served, office: AtWork) -> None:
    [case] = put(office, case_of(contact(1, NOW - HOUR)))
    with served.desk_of() as page:
        page.goto(f"/cases/{case.case_id}")
        wait_until_live(page)
        office.hear(case, contacts=(*case.contacts, contact(2, NOW, "Well?")), contact_count=2)
        expect(page.locator(".entry.them")).to_have_count(2)
        page.locator("#kind-answered").check()
        page.locator("#send").click()
        expect(page.locator("#sent")).to_be_visible()


def test_a_contact_that_needs_no_answer_ends_its_case_and_it_can_be_taken_back(
    served: Served, office: AtWork
) -> None:
    [case] = put(office, case_of(contact(1, NOW - HOUR, "Never a problem with you!")))
    with served.desk_of() as page:
        page.goto(f"/cases/{case.case_id}")
        wait_until_live(page)
        page.get_by_role("button", name="Needs no answer").click()
        expect(page.locator("#sent")).to_contain_text("needs no answer")
        wait_until_live(page)
        over = office.hear(case, state="superseded", contacts=(), contact_count=0)
        expect(page.locator("#over")).to_contain_text("This case is over")
        assert_accessible(page)
        page.get_by_role("button", name="It does need an answer").click()
        office.hear(over, state="new", contacts=case.contacts, contact_count=1)
        page.get_by_role("link", name="look again").click()
        expect(page.locator(".entry.them")).to_have_count(1)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_hostile_words_neither_run_nor_break_a_page(served: Served, office: AtWork, width: int) -> None:
    for number, words in enumerate(HOSTILE):
        author, short = f"chirp:{words[:100]}", words[:280]
        [case] = put(
            office,
            case_of(
                contact(number, NOW - HOUR, short, author=author, url=f"javascript:{short}"),
                anchor_author=author,
                customer=None,
                queue=short,
                owner=short,
                root_cause=short,
                summary=(short, short, short),
            ),
        )
        office.said[case.anchor] = Said(case.anchor, words, short, short, "", False, "unknown", ())
    with served.desk_of(viewport={"width": width, "height": 800}) as page:
        for case, words in zip(list(office.cases.values()), HOSTILE, strict=True):
            page.goto(f"/cases/{case.case_id}")
            told = page.locator(".entry.them .said")
            assert told.evaluate("element => element.textContent").strip() == words.strip()
            assert_fits(page)
        assert_accessible(page)
        page.goto("/cases")
        expect(page.locator("a.row")).to_have_count(len(HOSTILE))
        assert_fits(page)
        assert_accessible(page)
        assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_everybody_can_use_it(served: Served, office: AtWork, colours: Any, width: int) -> None:
    failed = contact(1, NOW - 30 * HOUR, failed=True, failed_because="nobody answered in time")
    [case] = put(
        office,
        case_of(
            failed,
            contact(2, NOW - HOUR),
            failed_contacts=1,
            severity=("legal_threat",),
            advice=("Call them.",),
        ),
    )
    evidence = ("the telephone number belongs to Ana (C-1) and Ben (C-2)",)
    office.doubtful.append(
        Doubt("chirp:eve", "Eve", "phone", NOW, evidence, "Hello", "", ("C-1", "C-2"), case.case_id)
    )
    with served.desk_of(color_scheme=colours, viewport={"width": width, "height": 800}) as page:
        for path in (
            "/cases",
            "/cases?due=overdue&words=nobody&status=closed",
            f"/cases/{case.case_id}",
            "/identities",
            "/take-down",
        ):
            page.goto(path)
            assert_accessible(page)
            assert_fits(page)
        page.get_by_role("button", name="Store it").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose how it was said.")
        assert_accessible(page)


def test_pages_work_without_scripts(served: Served, office: AtWork) -> None:
    put(office, case_of(contact(1, NOW - HOUR)))
    with served.desk_of(java_script_enabled=False) as page:
        page.goto("/cases")
        page.locator("a.row").click()
        page.get_by_label("Resolved: the matter is settled").check()
        page.get_by_label("What was said").fill("It is found.")
        page.get_by_role("button", name="Record the answer").click()
        expect(page.locator("#sent")).to_contain_text("recorded")
        expect(page.locator(".entry.us")).to_contain_text("It is found.")


def test_a_partner_hears_of_its_queues_only(served: Served, office: AtWork) -> None:
    own, other = put(office, case_of(contact(1, NOW - HOUR), queue="agency"), case_of(contact(2, NOW - HOUR)))
    with served.desk_of(PARTNER.name) as page:
        page.goto("/cases")
        wait_until_live(page)
        page.evaluate(
            """async () => { window.heard = []; const { on } = await import(
                document.querySelector("script[type=module]").src.replace("console.js", "live.js"));
                on("case", ({ case_id }) => window.heard.push(case_id)); }"""
        )
        office.hear(other)
        office.hear(own)
        # wait_for_function would evaluate words in the page, which its Content-Security-Policy forbids
        page.evaluate(
            """() => new Promise(done => { const until = Date.now() + 10000; const look = () =>
                window.heard.length || Date.now() > until ? done() : setTimeout(look, 20); look(); })"""
        )
        assert page.evaluate("window.heard") == [own.case_id]
        expect(page.locator("a.row")).to_have_count(1)
        assert page.request.get(f"/cases/{other.case_id}").status == 404
