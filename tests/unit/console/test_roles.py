"""Who may do what, over all forms of all sections: one that is added has to be told of here."""

from typing import Any, get_args

import pytest
from starlette.routing import Route

from console_client import NOW, Browser
from fakes.case_office import Office, case_of, contact
from listener.console.analysis import analysis_section
from listener.console.audit_log import audit_section
from listener.console.case_acts import Once
from listener.console.cases import cases_section
from listener.console.contact_form import contact_form_section
from listener.console.dead_letters import dead_letters_section
from listener.console.identities import identities_section
from listener.console.live import LiveHub
from listener.console.now import NowFigures, now_section
from listener.console.policy import policy_section
from listener.console.privacy import privacy_section
from listener.console.roles import Person
from listener.console.sources import SourceDesk, sources_section
from listener.console_config import Role

CASE = case_of(contact(1, NOW), queue="agency")
ROLES: tuple[Role, ...] = get_args(Role)
WHO_ANSWERS = {"partner", "agent", "admin"}
FORMS: dict[str, set[str]] = {
    "/cases/views": set(ROLES),
    "/cases/{case_id}/answer": WHO_ANSWERS,
    "/cases/{case_id}/act": WHO_ANSWERS,
    "/cases/{case_id}/identity": WHO_ANSWERS - {"partner"},
    "/cases/{case_id}/open": set(ROLES),
    "/identities": {"agent", "admin"},
    "/take-down": {"agent", "admin"},
    "/analysis/causes/{cause}/fixes": {"analyst", "admin"},
    "/policy/try": {"analyst", "admin"},
    "/sources/resume": {"admin"},
    "/dead-letters/plan": {"admin"},
    "/dead-letters/do": {"admin"},
    "/privacy": {"admin"},
    "/privacy/export": {"admin"},
    "/privacy/erase": {"admin"},
}
"""Form to the roles that it does something for; nothing else is."""
OTHER_LOOKS = {"/dead-letters/{letter}": {"admin"}, "/policy/try": {"analyst", "admin"}}
"""Pages that not everybody sees who sees the section."""


class Nobody:
    """Does nothing that it is asked for."""

    company = "Example Air"

    def today(self) -> str:
        return "2026-03-01"

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object) -> Any:
            raise LookupError(name)

        return fail


def browser(role: Role) -> Browser:
    nobody: Any = Nobody()
    office, hub = Office(CASE), LiveHub()
    figures = NowFigures(nobody.flow, nobody.queues, nobody.alerts, nobody.dead, lambda: NOW)
    sections = [
        now_section(figures),
        cases_section(office, office, office, hub),
        identities_section(office, office),
        contact_form_section(nobody, Once(), lambda: NOW),
        analysis_section(nobody, nobody.declare, lambda: NOW),
        sources_section(SourceDesk(nobody.sources, nobody.resume, nobody.manual)),
        dead_letters_section(nobody),
        audit_section(nobody.entries),
        policy_section(nobody),
        privacy_section(nobody),
    ]
    queues = frozenset({"agency"}) if role == "partner" else None
    return Browser(*sections, person=Person(f"the {role}", role, queues, "s"), hub=hub, raises=False)


def paths(client: Browser, method: str) -> set[str]:
    routes = [route for section in client.app.state.sections for route in section.routes]
    return {route.path for route in routes if isinstance(route, Route) and method in (route.methods or ())}


def filled_in(path: str) -> str:
    return path.replace("{case_id}", CASE.case_id).replace("{", "").replace("}", "")


@pytest.mark.parametrize("role", ROLES)
def test_each_form_is_refused_to_all_but_its_roles(role: Role) -> None:
    client = browser(role)
    assert paths(client, "POST") == set(FORMS)
    told = {"author": CASE.anchor_author, "customer_id": "C-1", "verdict": "confirmed", "authors": "a:b"}
    answers = {path: client.post(filled_in(path), told).status_code for path in FORMS}
    assert {path for path, status in answers.items() if status != 403} == {
        path for path, roles in FORMS.items() if role in roles
    }


@pytest.mark.parametrize("role", ROLES)
def test_each_page_is_refused_to_all_but_its_roles(role: Role) -> None:
    client = browser(role)
    for path in paths(client, "GET"):
        seen_by = {"admin"} if path.startswith(("/audit", "/privacy")) else set(ROLES)
        if path.startswith("/take-down"):
            seen_by = {"agent", "admin"}
        elif not path.startswith("/cases"):
            seen_by = seen_by - {"partner"}
        seen_by = OTHER_LOOKS.get(path, seen_by)
        status = client.get(filled_in(path)).status_code
        assert (status != 403) == (role in seen_by), path


def test_without_its_token_no_form_does_anything() -> None:
    client = browser("admin")
    for path in FORMS:
        assert client.client.post(filled_in(path), data={"author": "a:b"}).status_code == 403, path
