import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console_client import ADMIN, PARTNER, VIEWER, Browser
from listener.console.audit import saw
from listener.console.pages import page
from listener.console.roles import STAFF
from listener.console.section import Section
from listener.domain.errors import ServiceError, UsageError

HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(1)>\u202edlrow"


def hello(request: Request) -> Response:
    return page(request, "error.html", title="Hello", detail=HOSTILE)


def store(request: Request) -> Response:
    return PlainTextResponse(str(request.state.form["words"]))


def fail(request: Request) -> Response:
    raise {
        "usage": UsageError("no such case"),
        "service": ServiceError("Kafka does not answer"),
        "conflict": HTTPException(409, "Kim was faster."),
        "bug": ZeroDivisionError(),
    }[request.path_params["how"]]


def look(request: Request) -> Response:
    saw(request, "case", request.path_params["case_id"])
    return PlainTextResponse("seen")


NOTES = Section(
    "notes",
    "Notes",
    [
        Route("/notes", hello),
        Route("/notes/store", store, methods=["POST"]),
        Route("/notes/fail/{how}", fail),
        Route("/notes/{case_id}", look),
    ],
)
FIGURES = Section("figures", "Figures", [Route("/figures", hello)], STAFF)


def test_nobody_sees_anything_before_signing_in() -> None:
    browser = Browser(NOTES, person=None)
    for path in ("/", "/notes", "/live", "/nowhere"):
        answer = browser.get(path)
        assert answer.status_code == 401
        assert "Sit down." in answer.text
    assert browser.post("/notes/store", {"words": "x"}).status_code == 401


def test_the_first_page_is_the_first_that_a_person_may_see() -> None:
    assert Browser(FIGURES, NOTES, person=VIEWER).get("/").headers["location"] == "/figures"
    assert Browser(FIGURES, NOTES, person=PARTNER).get("/").headers["location"] == "/notes"
    assert Browser(FIGURES, person=PARTNER).get("/").status_code == 403


def test_a_section_is_shown_and_open_to_its_roles_alone() -> None:
    browser = Browser(FIGURES, NOTES, person=PARTNER)
    assert "/figures" not in browser.get("/notes").text
    assert browser.get("/figures").status_code == 403
    browser.before.sits = ADMIN
    assert 'href="/figures"' in browser.get("/notes").text


def test_a_path_outside_of_its_section_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="/else is not below /notes"):
        Browser(Section("notes", "Notes", [Route("/else", hello)]))


def test_words_of_others_are_only_text() -> None:
    shown = Browser(NOTES).get("/notes").text
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


def test_every_answer_carries_the_protective_headers() -> None:
    browser = Browser(NOTES)
    for path in ("/notes", "/nowhere", "/static/console.css"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert browser.get("/notes").headers["cache-control"] == "no-store"


def test_a_form_needs_its_token_and_this_site() -> None:
    browser = Browser(NOTES)
    assert browser.post("/notes/store", {"words": "ä"}).text == "ä"
    assert browser.client.post("/notes/store", data={"words": "x"}).status_code == 403
    assert browser.post("/notes/store", {"words": "x", "csrf": "0" * 64}).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post("/notes/store", {"words": "x"}, headers=foreign).status_code == 403
    browser.before.sits = VIEWER
    token = browser.post("/notes/store", {"words": "x"}).request.content
    browser.before.sits = ADMIN
    answer = browser.client.post(
        "/notes/store", content=token, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 403, "another person's token"


def test_a_form_that_is_too_large_is_refused() -> None:
    assert Browser(NOTES).post("/notes/store", {"words": "x" * 2_000_000}).status_code == 413


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("usage", 422, "no such case"),
        ("service", 503, "Kafka does not answer"),
        ("conflict", 409, "Kim was faster."),
        ("bug", 500, "log"),
    ],
)
def test_errors_are_pages_and_for_scripts_json(how: str, status: int, words: str) -> None:
    browser = Browser(NOTES, raises=False)
    shown = browser.get(f"/notes/fail/{how}")
    assert shown.status_code == status
    assert words in shown.text
    assert shown.headers["content-security-policy"]
    told = browser.get(f"/notes/fail/{how}", headers={"Accept": "application/json"})
    assert words in told.json()["detail"]


def test_a_look_is_written_down_once_in_a_while() -> None:
    browser = Browser(NOTES)
    for _ in range(3):
        browser.get("/notes/case:1")
    browser.get("/notes/case:2")
    assert [(entry.actor, entry.action, entry.subject) for entry in browser.audited] == [
        ("Ana Admin", "see.case", "case:1"),
        ("Ana Admin", "see.case", "case:2"),
    ]


def test_colours_are_chosen_and_kept() -> None:
    browser = Browser(NOTES)
    answer = browser.post("/theme", {"theme": "dark", "back": "/notes?x=1"})
    assert answer.headers["location"] == "/notes?x=1"
    assert 'data-theme="dark"' in browser.get("/notes").text
    assert browser.post("/theme", {"theme": "dark", "back": "//evil.example"}).headers["location"] == "/"
    assert browser.post("/theme", {"theme": "neon"}).status_code == 422
    assert 'name="back" value="/notes?x=1"' in browser.get("/notes?x=1").text
    answered = browser.client.post("/notes/store", data={}).text
    assert 'name="back" value="/notes"' in answered, "what a form is sent to cannot be opened"


def test_assets_are_kept_by_browsers_under_their_version_only() -> None:
    browser = Browser(NOTES)
    versioned = f"{browser.app.state.assets}/console.css"
    assert "immutable" in browser.get(versioned).headers["cache-control"]
    assert browser.get("/static/console.css").headers["cache-control"] == "no-cache"
    assert browser.get("/static/../app.py").status_code == 404


@pytest.mark.parametrize(
    "path", ["/figures", "/figures/", "//figures", "/figures%3Fx", "/./figures", "/FIGURES"]
)
@pytest.mark.parametrize("host", ["localhost", "localhost/x?", "localhost#"])
def test_no_spelling_of_a_path_leads_past_the_roles(path: str, host: str) -> None:
    browser = Browser(FIGURES, NOTES, person=PARTNER)
    assert browser.get(path, headers={"Host": host}).status_code != 200


def test_another_host_is_not_answered() -> None:
    assert Browser(NOTES).get("/notes", headers={"Host": "evil.example"}).status_code == 400
