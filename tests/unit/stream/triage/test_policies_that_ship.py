"""The rules of regulators in the policies that ship, once a company has named its jurisdictions."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from listener.domain.document import read_document
from listener.domain.mention import Mention
from stream.triage.policy import SHIPPED, Policy
from unit.stream.triage.histories import clocks
from unit.stream.worlds import START, mention


def in_force(name: str, *jurisdictions: str, **replaced: str) -> Policy:
    """A policy that ships, in these jurisdictions.

    Args:
        replaced: root causes by what they are called in these tests.
    """
    text = SHIPPED[name].read_text(encoding="utf-8")
    text = text.replace("jurisdictions: []", f"jurisdictions: [{', '.join(jurisdictions)}]")
    for old, new in replaced.items():
        text = text.replace(f"causes: [{old}]", f"causes: [{new}]")
    return read_document(Policy, text, name)


def said(text: str, moment: str, zone: str, **fields: Any) -> Mention:
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    heard = mention("1", text, 0, **fields)
    return heard.model_copy(update={"occurred_at": at, "received_at": at})


def due(policy: Policy, heard: Mention, zone: str) -> dict[str, str]:
    """The regulators' clocks, and until when they run by the wall clock."""
    found = clocks([heard], policy, (heard.occurred_at - START).total_seconds() / 3600)
    return {
        kind: clock.due_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
        for kind, clock in found.items()
        if clock.family == "regulatory"
    }


LONDON, SYDNEY, WASHINGTON = "Europe/London", "Australia/Sydney", "America/New_York"


@pytest.mark.parametrize(
    ("moment", "summary", "final"),
    [
        ("2027-03-05T10:00", "2027-03-10 17:00", "2027-04-30 10:00"),  # the clocks go forward on the 28th
        ("2026-09-25T23:30", "2026-09-30 17:00", "2026-11-20 23:30"),  # and back on 25 October
        ("2026-12-24T18:00", "2026-12-31 17:00", "2027-02-18 18:00"),  # Christmas, its weekend, a day in lieu
        ("2027-03-25T12:00", "2027-04-01 17:00", "2027-05-20 12:00"),  # Good Friday and Easter Monday
    ],
)
def test_fca(moment: str, summary: str, final: str) -> None:
    heard = said("complaint", moment, LONDON)
    assert due(in_force("retail-bank", "GB"), heard, LONDON) == {
        "fca-disp-1.summary-resolution": summary,
        "fca-disp-1.final-response": final,
    }


@pytest.mark.parametrize(
    ("moment", "acknowledgement", "response"),
    [
        ("2026-09-08T09:00", "2026-09-09 09:00", "2026-10-08 09:00"),  # the clocks go forward on 4 October
        ("2027-03-12T18:00", "2027-03-15 18:00", "2027-04-11 18:00"),  # a Friday; back on 4 April
        ("2027-01-25T12:00", "2027-01-27 12:00", "2027-02-24 12:00"),  # the 26th is Australia Day
    ],
)
def test_asic(moment: str, acknowledgement: str, response: str) -> None:
    policy, heard = in_force("retail-bank", "AU"), said("complaint", moment, SYDNEY)
    assert due(policy, heard, SYDNEY) == {
        "asic-rg-271.acknowledgement": acknowledgement,
        "asic-rg-271.idr-response": response,
    }
    ours = in_force("retail-bank", "AU", superannuation="cause-super")
    found = due(ours, said("complaint cause-super", moment, SYDNEY), SYDNEY)
    assert found.keys() == {"asic-rg-271-super.acknowledgement", "asic-rg-271-super.idr-response"}
    assert found["asic-rg-271-super.acknowledgement"] == acknowledgement
    assert found["asic-rg-271-super.idr-response"] > response


def test_cfpb_counts_from_the_sending_of_the_complaint_and_only_what_it_sent() -> None:
    policy = in_force("retail-bank", "US")
    sent = said("question", "2026-10-26T15:00", WASHINGTON).model_copy(update={"source": "cfpb-portal"})
    assert due(policy, sent, WASHINGTON) == {
        "cfpb-portal.response": "2026-11-10 15:00",
        "cfpb-portal.final-response": "2026-12-25 15:00",
    }
    assert due(policy, said("complaint", "2026-10-26T15:00", WASHINGTON), WASHINGTON) == {}


def test_dot_counts_what_was_written() -> None:
    policy = in_force("airline", "US")
    written = said("complaint", "2026-10-26T15:00", WASHINGTON, channel="email")
    assert due(policy, written, WASHINGTON) == {
        "dot-259-7.acknowledgement": "2026-11-25 15:00",
        "dot-259-7.substantive-response": "2026-12-25 15:00",
    }
    assert due(policy, written.model_copy(update={"channel": "social"}), WASHINGTON) == {}


def test_gdpr_is_for_privacy() -> None:
    policy = in_force("software-company", "EU", privacy="cause-privacy")
    asked = said("request cause-privacy", "2027-01-31T12:00", "Europe/Berlin")
    assert due(policy, asked, "Europe/Berlin") == {"gdpr-12-3.action-taken": "2027-02-28 12:00"}
    assert due(policy, said("request", "2027-01-31T12:00", "Europe/Berlin"), "Europe/Berlin") == {}
