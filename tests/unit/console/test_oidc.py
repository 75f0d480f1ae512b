"""Signing in at a real OpenID provider that runs beside the test."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from oidc_provider_mock import User, run_server_in_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from listener.console.app import console_app
from listener.console.audit import Audit
from listener.console.live import LiveHub
from listener.console.oidc import OidcSignIn
from listener.console.section import Section
from listener.console_config import Grant, OidcConfig

GRANTS = (Grant(role="analyst", groups=("figures",)), Grant(role="admin", people=("ana@example.org",)))
USERS = (
    User(sub="ana", claims={"email": "ana@example.org", "email_verified": True}),
    User(sub="lea", claims={"email": "lea@example.org", "groups": ["figures"]}),
    User(
        sub="max",
        claims={"email": "max@example.org", "groups": [*(f"{n:036}" for n in range(200)), "figures"]},
    ),
    User(sub="eve", claims={"email": "eve@example.org"}),
    User(sub="mallory", claims={"email": "ana@example.org", "email_verified": False}),
)


def who(request: Request) -> Response:
    return PlainTextResponse(f"{request.state.person.name} {request.state.person.role}")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(user_claims=USERS, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


def browser(issuer: str, grants: Sequence[Grant] = GRANTS) -> TestClient:
    config = OidcConfig(issuer=issuer, client_id="listener", client_secret="OIDC_SECRET")
    app = console_app(
        [Section("who", "Who", [Route("/who", who)])],
        OidcSignIn(config, "secret", grants, "http://localhost", 3600),
        hub=LiveHub(),
        audit=Audit(lambda entry: None, lambda: datetime.now(UTC)),
        key=b"k" * 32,
        public_url="http://localhost",
    )
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def agree(address: str, sub: str) -> str:
    """What the provider sends a person back to who says there who they are."""
    answer = httpx2.post(address, data={"sub": sub}, follow_redirects=False)
    return answer.headers["location"]


def signed_in(client: TestClient, sub: str) -> httpx2.Response:
    start = client.get("/who?x=1")
    assert start.headers["location"] == "/sign-in/oidc"
    return client.get(agree(client.get("/sign-in/oidc").headers["location"], sub))


def test_a_person_signs_in_and_arrives_where_they_wanted_to_go(issuer: str) -> None:
    client = browser(issuer)
    assert signed_in(client, "ana").headers["location"] == "/who?x=1"
    assert client.get("/who").text == "ana@example.org admin"
    other = browser(issuer)
    signed_in(other, "lea")
    assert other.get("/who").text == "lea@example.org analyst"


def test_who_is_in_many_groups_has_a_cookie_that_browsers_keep(issuer: str) -> None:
    client = browser(issuer)
    assert len(signed_in(client, "max").headers["set-cookie"]) < 4096
    assert client.get("/who").text == "max@example.org analyst"


def test_a_long_way_is_not_remembered(issuer: str) -> None:
    client = browser(issuer)
    assert len(client.get(f"/who?x={'x' * 5000}").headers.get("set-cookie", "")) < 4096
    back = agree(client.get("/sign-in/oidc").headers["location"], "ana")
    assert client.get(back).headers["location"] == "/"


def test_nobody_is_sent_to_another_site_once_signed_in(issuer: str) -> None:
    client = browser(issuer)
    client.get("http://localhost//evil.example/x")
    back = agree(client.get("/sign-in/oidc").headers["location"], "ana")
    assert client.get(back).headers["location"] == "/"


def test_a_role_that_is_taken_away_is_gone_at_once(issuer: str) -> None:
    client = browser(issuer)
    signed_in(client, "ana")
    later = browser(issuer, grants=GRANTS[:1])
    later.cookies = client.cookies
    assert later.get("/who").status_code == 303


@pytest.mark.parametrize(
    ("sub", "told"), [("eve", "eve@example.org has no role"), ("mallory", "has not verified")]
)
def test_who_has_no_role_or_no_verified_address_is_told_so(issuer: str, sub: str, told: str) -> None:
    client = browser(issuer)
    answer = signed_in(client, sub)
    assert answer.status_code == 403
    assert told in answer.text
    assert client.get("/who").status_code == 303, "nobody is signed in"


def test_what_is_asked_of_the_provider(issuer: str) -> None:
    asked = parse_qs(urlsplit(browser(issuer).get("/sign-in/oidc").headers["location"]).query)
    assert asked["redirect_uri"] == ["http://localhost/sign-in/oidc/back"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid email profile"]
    assert {"state", "nonce"} <= asked.keys()


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(issuer: str) -> None:
    back = agree(browser(issuer).get("/sign-in/oidc").headers["location"], "ana")
    victim = browser(issuer)
    assert victim.get(back).status_code == 403
    client = browser(issuer)
    back = agree(client.get("/sign-in/oidc").headers["location"], "ana")
    assert client.get(back.replace("state=", "state=x")).status_code == 403
    assert client.get("/sign-in/oidc/back?error=access_denied").status_code == 403


def test_another_issuer_than_the_configured_one_is_not_believed(issuer: str) -> None:
    assert browser(f"{issuer}/").get("/sign-in/oidc").status_code == 503


def test_a_provider_that_is_away_is_told_of() -> None:
    answer = browser("http://localhost:9").get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "does not answer" in answer.text


def test_signing_out_does_not_sign_in_again(issuer: str) -> None:
    client = browser(issuer)
    signed_in(client, "ana")
    token = client.get("/nowhere").text.split('name="csrf" content="')[1].split('"')[0]
    assert client.post("/sign-out", data={"csrf": token}).headers["location"] == "/signed-out"
    assert "Sign in" in client.get("/signed-out").text
    assert client.get("/who").status_code == 303
