"""The page `Audit log`: who saw and did what, for admins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from listener.console.pages import page
from listener.console.roles import ADMINS
from listener.console.section import Section
from listener.domain.governance import AuditEntry

NAME = "audit"
SHOWN = 100


@dataclass(frozen=True)
class AuditFilter:
    """What is looked for; what is empty does not narrow.

    Attributes:
        action: its beginning, such as ``see.``.
        after: time in ms since 1970 and id of the last entry of the page before.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    after: tuple[int, str] | None = None


def audit_section(entries: Callable[[AuditFilter, int], Sequence[AuditEntry]]) -> Section:
    """The section.

    Args:
        entries: that many of those that a filter holds for, the newest first; may block, raises `ServiceError`.
    """

    def show(request: Request) -> Response:
        asked = {
            name: request.query_params.get(name, "").strip()[:300] for name in ("actor", "action", "subject")
        }
        found = entries(AuditFilter(**asked, after=_after(request.query_params.get("after", ""))), SHOWN + 1)
        shown = found[:SHOWN]
        older = None
        if len(found) > SHOWN:
            last = shown[-1]
            older = f"/{NAME}?{urlencode(asked | {'after': f'{_ms(last.at)}~{last.entry_id}'})}"
        return page(request, "audit/audit.html", entries=shown, asked=asked, older=older)

    return Section(NAME, "Audit log", [Route(f"/{NAME}", show)], ADMINS)


def _after(text: str) -> tuple[int, str] | None:
    at, _, entry_id = text.partition("~")
    return (int(at), entry_id) if at.isdecimal() and len(at) < 16 else None


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
