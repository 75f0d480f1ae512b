"""What a person does to a case, as the command and the audit entry that are published. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from listener.cases.find import Target
from listener.domain.command import CaseCommand, RematchAuthor
from listener.domain.contract import format_utc
from listener.domain.errors import UsageError
from listener.domain.governance import AuditEntry
from listener.domain.ids import digest
from listener.domain.party import PartyOf
from listener.domain.response import Response


def command_of(action: Any, about: Sequence[Target], by: str, at: datetime, **fields: Any) -> CaseCommand:
    """The command, keyed by the author of the first contact.

    Args:
        action: one of `CaseCommand`.
        about: the contact, or both.
        fields: further ones of `CaseCommand`.
    """
    contacts = tuple(target.contact for target in about)
    return CaseCommand(
        command_id=f"cmd:{digest(action, *contacts, by, format_utc(at))}",
        action=action,
        author=about[0].author,
        contacts=contacts,
        by=by,
        at=at,
        **fields,
    )


def single_contact(target: Target) -> Target:
    """The target, if it is clear which contact is meant.

    Raises:
        UsageError: a case of several contacts was named.
    """
    case = target.case
    if case is None or case.contact_count <= 1:  # a case that is over shows none, but knows its first
        return target
    shown = "".join(f"\n  {contact.mention_id}  {contact.excerpt[:60]}" for contact in case.contacts)
    raise UsageError(f"{case.case_id} has {case.contact_count} contacts; name the one that is meant:{shown}")


def check_one_party(one: Target, other: Target, parties: Mapping[str, PartyOf]) -> None:
    """Looks whether two contacts may be one case.

    Raises:
        UsageError: they are the same, or belong to different parties, or one is of an author never heard of.
    """
    if one.contact == other.contact:
        raise UsageError(f"{one.name} and {other.name} are the same contact")
    for target in (one, other):
        if target.author not in parties:
            raise UsageError(f"{target.name}: nothing was heard yet of the author {target.author}")
    first, second = parties[one.author], parties[other.author]
    if first.party == second.party:
        return
    known = first.customer_id or second.customer_id or "CUSTOMER"
    strangers = [party.author for party in (first, second) if not party.customer_id] or [second.author]
    commands = " and ".join(
        f"listener link confirm {author} {known} --by NAME --evidence TEXT" for author in strangers
    )
    raise UsageError(
        f"{one.name} is of {first.party}, {other.name} of {second.party}: different parties have no case "
        f"together. If they are one person, confirm a link first: {commands}"
    )


def audit_of_command(command: CaseCommand, subject: str) -> AuditEntry:
    """Who did what to which case or contact; without the words of the reason."""
    detail = {
        "command_id": command.command_id,
        "contacts": " ".join(command.contacts),
        "owner": command.owner,
        "cause": command.cause,
    }
    return AuditEntry(
        entry_id=digest("case", command.command_id),
        actor=command.by,
        action=f"case.{command.action}",
        subject=subject,
        at=command.at,
        detail={name: value for name, value in detail.items() if value},
    )


def audit_of_rematch(command: RematchAuthor) -> AuditEntry:
    """Who let it be looked at once more who an author is."""
    return AuditEntry(
        entry_id=digest("rematch", command.author, command.by, format_utc(command.at)),
        actor=command.by,
        action="author.rematch",
        subject=command.author,
        at=command.at,
    )


def audit_of_response(response: Response, subject: str) -> AuditEntry:
    """Who answered what, how, and what was given; without the words of the answer."""
    given = response.goodwill
    detail = {
        "response_id": response.response_id,
        "contact": response.contact,
        "kind": response.kind,
        "level": response.level,
        "channel": response.channel,
        "goodwill": f"{given.amount:g} {given.currency}" if given else None,
    }
    return AuditEntry(
        entry_id=digest("respond", response.response_id, format_utc(response.received_at)),
        actor=response.by,
        action="respond",
        subject=subject,
        at=response.received_at,
        detail={name: value for name, value in detail.items() if value},
    )
