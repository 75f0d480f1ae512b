"""The form for what a customer said in person or wrote in a letter; whoever is signed in takes it down."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from listener.console.case_acts import Once, is_token, new_token
from listener.console.pages import page
from listener.console.section import Section
from listener.domain.errors import ServiceError

NAME = "take-down"
SOURCE_KIND = "staff-form"
"""Begins the ids of the contacts; the receipt ends them."""
_RECEIPT = re.compile(r"R(?:-[0-9A-Z]{4}){4}", re.ASCII)
WAYS = {"in_person": "In person", "letter": "By letter"}


class NoContact(Exception):
    """What was filled in cannot be stored as it is.

    Attributes:
        problems: field, and what is wrong with it.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


class TakesDown(Protocol):
    """Stores what was taken down."""

    company: str

    def today(self) -> str:
        """The day where the company is, such as ``2026-03-01``."""
        ...

    def store(self, fields: Mapping[str, str], by: str, at: datetime) -> str:
        """Stores it; the same fields again are the same contact. May block.

        Returns:
            The receipt to tell the customer.

        Raises:
            NoContact: a field is wrong.
            ServiceError: Kafka is away.
        """
        ...


def contact_form_section(takes_down: TakesDown, once: Once, now: Callable[[], datetime]) -> Section:
    """The section.

    Args:
        now: the installation's time.
    """

    def show(request: Request) -> Response:
        stored = request.query_params.get("receipt", "")
        blank = {"day": takes_down.today(), "token": new_token()}
        if not _RECEIPT.fullmatch(stored):
            return form(request, blank)
        return form(request, blank, receipt=stored, contact=f"{SOURCE_KIND}:{stored}")

    def submit(request: Request) -> Response:
        fields = {name: value for name, value in request.state.form.items() if isinstance(value, str)}
        if not is_token(fields.get("token", "")):
            raise HTTPException(422, "This form did not come from its page. Load the page, and try again.")
        at = once.first_sent(fields["token"], now())
        try:
            receipt = takes_down.store(fields, request.state.person.name, at)
        except NoContact as error:
            return form(request, fields, 422, problems=error.problems)
        except ServiceError as error:
            return form(request, fields, 503, trouble=str(error))
        return RedirectResponse(f"/{NAME}?receipt={receipt}", 303)

    def form(request: Request, fields: Mapping[str, str], status: int = 200, **shown: object) -> Response:
        told = {"problems": {}, "trouble": "", "receipt": "", "contact": ""} | shown
        return page(
            request,
            "take_down/form.html",
            status,
            fields=fields,
            ways=WAYS,
            company=takes_down.company,
            today=takes_down.today(),
            **told,
        )

    routes = [Route(f"/{NAME}", show), Route(f"/{NAME}", submit, methods=["POST"])]
    return Section(NAME, "Take down a contact", routes, frozenset({"agent", "admin"}))
