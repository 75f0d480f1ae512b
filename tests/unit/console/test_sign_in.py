from datetime import UTC, datetime

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from listener.console.app import console_app
from listener.console.audit import Audit
from listener.console.live import LiveHub
from listener.console.roles import Person, person_of
from listener.console.section import Section
from listener.console.sign_in import ProxySignIn, SignIn, TokenSignIn
from listener.console_config import ConsoleConfig, Grant, ProxyConfig

GRANTS = (
    Grant(role="admin", people=("Ana@example.org",)),
    Grant(role="partner", groups=("agency",), queues=("social",)),
    Grant(role="agent", groups=("service", "agency")),
)


def who(request: Request) -> Response:
    person = request.state.person
    return PlainTextResponse(f"{person.name} {person.role} {sorted(person.queues or ())}")


def client(sign_in: SignIn, host: str = "10.0.0.7") -> TestClient:
    app = console_app(
        [Section("who", "Who", [Route("/who", who)])],
        sign_in,
        hub=LiveHub(),
        audit=Audit(lambda entry: None, lambda: datetime.now(UTC)),
        key=b"k" * 32,
    )
    return TestClient(app, base_url="http://localhost", client=(host, 1234), follow_redirects=False)


def test_the_printed_address_lets_in_and_leaves_the_address_bar() -> None:
    browser = client(TokenSignIn("secret", "kim", 3600))
    assert browser.get("/who").status_code == 401
    assert browser.get("/sign-in?token=guess").status_code == 403
    entered = browser.get("/sign-in?token=secret")
    assert entered.headers["location"] == "/"
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secret" not in cookie
    assert browser.get("/who").text == "kim admin []"


def test_a_session_ends_by_itself() -> None:
    browser = client(TokenSignIn("secret", "kim", max_age_seconds=-1))
    browser.get("/sign-in?token=secret")
    assert browser.get("/who").status_code == 401


def test_a_forged_cookie_is_nobody() -> None:
    browser = client(TokenSignIn("secret", "kim", 3600))
    browser.cookies.set(
        "listener", "eyJwZXJzb24iOiBbImtpbSIsICJhZG1pbiIsIG51bGwsICJ4IiwgOTk5OTk5OTk5OV19.x.y"
    )
    assert browser.get("/who").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({"X-Forwarded-User": "ana@EXAMPLE.org"}, 200, "ana@EXAMPLE.org admin []"),
        ({"X-Forwarded-User": "Pat", "X-Forwarded-Groups": "x, agency"}, 200, "Pat partner ['social']"),
        ({"X-Forwarded-User": "Kim", "X-Forwarded-Groups": "service"}, 200, "Kim agent []"),
        ({"X-Forwarded-User": "Eve"}, 403, "Eve has no role"),
        ({"X-Forwarded-User": ""}, 401, "proxy"),
        ({}, 401, "proxy"),
    ],
)
def test_the_proxy_says_who_it_is(headers: dict[str, str], status: int, text: str) -> None:
    browser = client(ProxySignIn(ProxyConfig(addresses=("10.0.0.0/24",)), GRANTS))
    answer = browser.get("/who", headers=headers)
    assert answer.status_code == status
    assert text in answer.text


def test_from_elsewhere_the_headers_say_nothing() -> None:
    browser = client(ProxySignIn(ProxyConfig(addresses=("10.0.0.0/24",)), GRANTS), host="10.0.1.7")
    assert browser.get("/who", headers={"X-Forwarded-User": "ana@example.org"}).status_code == 401


def test_two_headers_are_one_too_many() -> None:
    browser = client(ProxySignIn(ProxyConfig(addresses=("10.0.0.0/24",)), GRANTS))
    twice = [("X-Forwarded-User", "eve"), ("X-Forwarded-User", "ana@example.org")]
    assert browser.get("/who", headers=twice).status_code == 401
    groups = [("X-Forwarded-Groups", "staff"), ("X-Forwarded-Groups", "others")]
    assert browser.get("/who", headers=[*twice[1:], *groups]).status_code == 401


def test_the_first_grant_that_names_a_person_holds() -> None:
    assert person_of("x", ["service", "agency"], GRANTS, "") == Person("x", "partner", frozenset({"social"}))
    assert person_of("x", [], GRANTS, "") is None


def test_a_partner_sees_and_answers_in_own_queues() -> None:
    partner = Person("x", "partner", frozenset({"social"}))
    assert partner.sees("social")
    assert not partner.sees("legal")
    assert partner.may("answer")
    assert not partner.may("administer")
    assert not Person("x", "viewer").may("answer")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sign_in": "proxy"},
        {"sign_in": "proxy", "proxy": {"addresses": ["10.0.0.1"]}},
        {"sign_in": "token", "proxy": {"addresses": ["10.0.0.1"]}},
        {"roles": [{"role": "partner", "people": ["x"]}]},
        {"roles": [{"role": "agent", "people": ["x"], "queues": ["q"]}]},
        {"roles": [{"role": "agent"}]},
        {"public_url": "https://x.example/console"},
        {
            "sign_in": "proxy",
            "proxy": {"addresses": ["10.0.0.1/8"]},
            "roles": [{"role": "agent", "people": ["x"]}],
        },
    ],
)
def test_what_does_not_fit_together_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ConsoleConfig.model_validate(wrong)
