from collections.abc import Sequence
from datetime import timedelta

from console_client import AGENT, NOW, Browser
from listener.console.audit_log import SHOWN, AuditFilter, audit_section
from listener.domain.governance import AuditEntry

HOSTILE = "<script>alert(1)</script>"
ENTRIES = [
    AuditEntry(
        entry_id=f"e{number}",
        actor=HOSTILE,
        action="see.case",
        subject=f"K-{number}",
        at=NOW - timedelta(seconds=number),
        detail={"x": HOSTILE},
    )
    for number in range(SHOWN + 5)
]


def test_entries_by_page_for_admins() -> None:
    asked: list[AuditFilter] = []

    def entries(wanted: AuditFilter, most: int) -> Sequence[AuditEntry]:
        asked.append(wanted)
        return ENTRIES[:most] if wanted.after is None else ENTRIES[SHOWN:]

    browser = Browser(audit_section(entries))
    first = browser.get("/audit?action=see.").text
    assert "K-99" in first
    assert "K-100" not in first
    assert HOSTILE not in first
    last_ms = round(ENTRIES[SHOWN - 1].at.timestamp() * 1000)
    assert f"after={last_ms}~e99" in first
    assert "K-100" in browser.get(f"/audit?action=see.&after={last_ms}~e99").text
    assert asked[-1] == AuditFilter(action="see.", after=(last_ms, "e99"))
    browser.get("/audit?after=nonsense")
    assert asked[-1].after is None
    browser.before.sits = AGENT
    assert browser.get("/audit").status_code == 403
