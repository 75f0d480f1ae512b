"""One example of every contract: the way of one mention, as it stands on the topics.

A customer's parcel is late; the e-mail was never answered, so she asks in public and is answered there.
"""

from datetime import UTC, datetime, timedelta

from listener.domain.case import Case, CaseContact, CaseCustomer, Reason
from listener.domain.clock import Clock, ClockTick, TimerDue
from listener.domain.command import CaseCommand, RematchAuthor
from listener.domain.connector_state import Cursor, IndexEntry, ParkedItem
from listener.domain.contact import contact_of
from listener.domain.contract import Versioned
from listener.domain.customer import Customer, Handle, IdentityLink, LinkDecision
from listener.domain.dead_letter import DeadLetter, DeadLetterResolution
from listener.domain.desk import Ticket
from listener.domain.enriched import (
    Complaint,
    EnrichedDeletion,
    EnrichedMention,
    Enrichment,
    Language,
    Match,
    RootCause,
    Sentiment,
)
from listener.domain.erasure import EraseAuthor, Erasure
from listener.domain.governance import Alert, AuditEntry, ConfigInForce, Fix
from listener.domain.ids import author_id, case_id, customer_party, mention_id
from listener.domain.level import LevelClaim
from listener.domain.mention import Contactable, Mention, MentionDeleted, Reach
from listener.domain.party import PartyEvent, PartyOf, PublishedCase
from listener.domain.response import Goodwill, Outcome, Response

_SAID = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
_HEARD = _SAID + timedelta(seconds=4)
_ANSWERED = _SAID + timedelta(hours=2)
_AUTHOR = author_id("chirp", "sam_lee")
_MENTION = mention_id("chirp", "8123")
_PARTY = customer_party("C-1001")


def examples() -> dict[type[Versioned], Versioned]:
    """Contract to example."""
    mention = Mention(
        mention_id=_MENTION,
        source="brand-on-chirp",
        source_kind="chirp",
        native_id="8123",
        author=_AUTHOR,
        author_name="Sam Lee",
        channel="social",
        visibility="public",
        text="@acme my parcel is two weeks late and nobody answers my e-mails",
        contactable=Contactable(handle="sam_lee", handle_verified=True),
        reach=Reach(followers=112),
        url="https://chirp.example/sam_lee/8123",
        occurred_at=_SAID,
        received_at=_HEARD,
    )
    deletion = MentionDeleted(
        mention_id=_MENTION,
        source=mention.source,
        source_kind=mention.source_kind,
        native_id=mention.native_id,
        author=_AUTHOR,
        deleted_at=_SAID + timedelta(days=3),
        received_at=_HEARD + timedelta(days=3),
    )
    enriched = EnrichedMention(
        party=_PARTY,
        epoch=1,
        author=_AUTHOR,
        mention=mention,
        enrichment=Enrichment(
            language=Language(code="en", probability=0.98),
            sentiment=Sentiment(compound=-0.34, label="negative"),
            complaint=Complaint(probability=0.9, evidence=("late", "nobody answers")),
            need="complaint",
            needs_response=True,
            need_reasons=("a complaint is to be answered",),
            root_causes=(
                RootCause(node="delivery", owner="Logistics", score=0.8, evidence=("parcel", "late")),
            ),
            versions={"complaint": "rules-1"},
        ),
        match=Match(
            status="matched",
            customer_id="C-1001",
            method="handle",
            evidence=("chirp account sam_lee is on file",),
        ),
        grouping_cause="delivery",
    )
    response = Response(
        response_id="chirp:8170",
        contact=_MENTION,
        author=_AUTHOR,
        channel="social",
        by="chirp:acme",
        kind="answered",
        excerpt="Hello Sam, your parcel leaves today. We are sorry.",
        goodwill=Goodwill(amount=10.0, currency="EUR", reason="late parcel"),
        occurred_at=_ANSWERED,
        received_at=_ANSWERED + timedelta(seconds=3),
        derived=True,
    )
    contact = contact_of(enriched)
    case = Case(
        case_id=case_id(_MENTION),
        version=(1 << 32) + 2,
        party=_PARTY,
        anchor=_MENTION,
        anchor_author=_AUTHOR,
        state="waiting_for_customer",
        queue="complaints",
        priority=60,
        due_at=_SAID + timedelta(hours=8),
        reasons=(Reason(rule="queues.complaints", text="a complaint goes to the queue complaints"),),
        advice=("Move to a private channel: the customer wrote in public.",),
        root_cause="delivery",
        root_cause_owner="Logistics",
        needs_response=True,
        customer=CaseCustomer(customer_id="C-1001", name="Sam Lee", preferred_channel="email"),
        authors=(_AUTHOR,),
        contacts=(CaseContact(**contact.model_copy(update={"reach": None}).model_dump()),),
        contact_count=1,
        responses=(response,),
        response_count=1,
        goodwill=(Goodwill(amount=10.0, currency="EUR", reason="late parcel"),),
        clocks=(
            Clock(
                kind="first_response",
                anchor=_MENTION,
                started_at=_SAID,
                due_at=_SAID + timedelta(hours=8),
                stopped_at=_ANSWERED,
                state="met",
            ),
        ),
        links=("https://chirp.example/sam_lee/8123",),
        opened_at=_SAID,
        last_at=_ANSWERED,
        summary=(
            "Sam Lee wrote once, on social.",
            "We answered after 2 hours.",
            "Nothing is open; 10 EUR were given.",
        ),
    )
    command = CaseCommand(
        command_id="cmd-1",
        action="assign",
        author=_AUTHOR,
        contacts=(_MENTION,),
        by="K. Agent",
        at=_ANSWERED,
        owner="M. Manager",
    )
    found: tuple[Versioned, ...] = (
        Erasure(at=_ANSWERED),
        EraseAuthor(kind="erase", author=_AUTHOR, at=_ANSWERED),
        mention,
        deletion,
        enriched,
        EnrichedDeletion(party=_PARTY, epoch=1, author=_AUTHOR, deletion=deletion),
        response,
        case,
        command,
        RematchAuthor(kind="rematch", author=_AUTHOR, by="K. Agent", at=_ANSWERED),
        Customer(
            customer_id="C-1001",
            names=("Sam Lee",),
            emails=("sam.lee@example.test",),
            phones=("+12025550123",),
            handles=(Handle(source_kind="chirp", handle="sam_lee"),),
            segment="household",
            preferred_channel="email",
            consent={"marketing": False},
        ),
        IdentityLink(
            author=_AUTHOR,
            decisions=(
                LinkDecision(
                    customer_id="C-1001",
                    verdict="confirmed",
                    by="K. Agent",
                    at=_ANSWERED,
                    evidence="called back on the number on file",
                ),
            ),
        ),
        PartyEvent(
            kind="left",
            party=_PARTY,
            author=_AUTHOR,
            epoch=2,
            at=_ANSWERED,
            from_party=f"a:{_AUTHOR}",
            cases=(PublishedCase(case_id=case.case_id, anchor=_MENTION, anchor_author=_AUTHOR),),
        ),
        LevelClaim(
            level="executive",
            case_id=case.case_id,
            party=_PARTY,
            anchor_author=_AUTHOR,
            version=case.version,
            open=True,
            claimed_at=_SAID + timedelta(hours=8),
            root_cause="delivery",
            owner="head-of-customer-care",
        ),
        PartyOf(author=_AUTHOR, party=_PARTY, epoch=1, at=_HEARD, customer_id="C-1001", method="handle"),
        TimerDue(
            party=_PARTY, clock_kind="first_response", anchor=_MENTION, due_at=_SAID + timedelta(hours=8)
        ),
        ClockTick(at=_SAID, sequence=1),
        Ticket(
            case_id=case.case_id,
            desk="helpdesk",
            ticket_id="4711",
            case_version=case.version,
            updated_at=_HEARD,
        ),
        Outcome(outcome_id="csat-1", customer_id="C-1001", kind="csat", value=4.0, occurred_at=_ANSWERED),
        Fix(
            fix_id="fix-1",
            root_cause="delivery",
            effective_at=_SAID + timedelta(days=30),
            by="Logistics",
            description="second carrier",
            declared_at=_SAID + timedelta(days=29),
        ),
        ConfigInForce(name="policy", hash="0f3a", content={"window_days": 30}, at=_SAID),
        AuditEntry(
            entry_id="audit-1", actor="K. Agent", action="link.confirmed", subject=_AUTHOR, at=_ANSWERED
        ),
        Alert(
            alert_id="alert-1",
            kind="breach",
            subject=case.case_id,
            due_at=_SAID + timedelta(hours=8),
            text="the first response is overdue",
        ),
        DeadLetter(
            origin="mentions.raw[3]@1207",
            source="brand-on-chirp",
            reason="invalid",
            detail="mention.occurred_at: Input should have timezone info",
            stage="ledger",
            at=_HEARD,
            size=412,
            topic="mentions.raw",
        ),
        DeadLetterResolution(
            letter="3@17",
            produced_at=_HEARD,
            resolution="replayed",
            by="K. Agent",
            at=_ANSWERED,
            topic="mentions.raw",
            attempt=2,
        ),
        Cursor(source="brand-on-chirp", position={"since_id": "8123"}, at=_HEARD),
        IndexEntry(mention_id=_MENTION, author=_AUTHOR),
        ParkedItem(
            awaits="chirp:9001", items=({"native_id": "9002", "text": "We look into it."},), at=_HEARD
        ),
    )
    return {type(example): example for example in found}
