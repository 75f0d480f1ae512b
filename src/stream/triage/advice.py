"""What to keep in mind when answering; no decision rests on it."""

from collections.abc import Iterator

from listener.domain.case import CaseCustomer
from stream.triage.cases import DraftCase

_IN_PUBLIC = "Others can read this: answer where it was asked, then offer to go on in private."


def advise(case: DraftCase, customer: CaseCustomer | None) -> tuple[str, ...]:
    """Advice on a case that waits for us; none on others."""
    return tuple(_advice(case, customer)) if case.life.pending else ()


def _advice(case: DraftCase, customer: CaseCustomer | None) -> Iterator[str]:
    if any(said.row.visibility == "public" and not said.row.deleted for said in case.contacts):
        yield _IN_PUBLIC
    preferred = None if customer is None else customer.preferred_channel
    if customer is None or preferred is None or preferred == case.contacts[-1].row.channel:
        return
    if customer.consent.get(preferred) is not False:
        yield f"The customer prefers {_words(preferred)}."


def _words(name: str) -> str:
    return "e-mail" if name == "email" else name.replace("_", " ")
