"""Cases, contacts and parties are found among the records of the topics."""

from typing import Any, NamedTuple

import pytest

from listener.cases.act import check_one_party, single_contact
from listener.cases.find import Found, Target, find, find_parties, targets
from listener.domain.case import Case
from listener.domain.errors import UsageError
from listener.domain.ids import case_id
from listener.domain.party import PartyOf
from listener.examples import examples

CASE = Case.read(examples()[Case].to_json())
CONTACT = CASE.contacts[0]
PARTY = PartyOf.read(examples()[PartyOf].to_json())


class Written(NamedTuple):
    """A record of a topic."""

    key: bytes | None
    value: bytes | None
    topic: str = "triage"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def written(case: Case, **changes: Any) -> Written:
    changed = case.model_copy(update=changes)
    return Written(changed.case_id.encode(), changed.to_json())


def test_a_case_is_its_newest_snapshot() -> None:
    records = [written(CASE, version=5, queue="new"), written(CASE, version=4), Written(b"K-X", b"{}")]
    assert find(records, [CASE.case_id]).cases[CASE.case_id].queue == "new"


def test_a_case_that_is_gone_is_not_there() -> None:
    found = find([written(CASE), Written(CASE.case_id.encode(), None)], [CASE.case_id])
    with pytest.raises(UsageError, match=f"{CASE.case_id}: there is no such case"):
        list(targets(found, [CASE.case_id], [None]))


def test_a_contact_is_found_in_whatever_case_shows_it() -> None:
    name = 'form:a "quoted" \\ id'
    odd = written(CASE, case_id=case_id("other"), contacts=(CONTACT.model_copy(update={"mention_id": name}),))
    found = find([written(CASE), odd], [name, CONTACT.mention_id])
    assert found.authors == {name: CONTACT.author, CONTACT.mention_id: CONTACT.author}
    assert found.cases == {}


def test_a_contact_that_is_only_mentioned_is_not_found() -> None:
    reply = written(CASE, contacts=(CONTACT.model_copy(update={"mention_id": "x:9", "reply_to": "x:8"}),))
    assert find([reply], ["x:8"]).authors == {}


def test_the_anchor_is_known_where_its_contact_is_not_shown_any_more() -> None:
    assert find([written(CASE, contacts=())], [CASE.anchor]).authors == {CASE.anchor: CASE.anchor_author}


def test_names_become_what_is_published() -> None:
    found = find([written(CASE)], [CASE.case_id, CONTACT.mention_id])
    named = [CASE.case_id, CONTACT.mention_id, "x:old"]
    assert list(targets(found, named, [None, None, "x:ann"])) == [
        Target(CASE.case_id, CASE.anchor, CASE.anchor_author, CASE),
        Target(CONTACT.mention_id, CONTACT.mention_id, CONTACT.author),
        Target("x:old", "x:old", "x:ann"),
    ]


def test_a_contact_that_no_case_shows_needs_its_author() -> None:
    with pytest.raises(UsageError, match=r"x:old: no case shows this contact.*--author"):
        list(targets(Found(), ["x:old"], [None]))


def party(author: str, name: str, epoch: int = 1) -> PartyOf:
    customer = name.removeprefix("c:") if name.startswith("c:") else None
    return PARTY.model_copy(update={"author": author, "party": name, "epoch": epoch, "customer_id": customer})


def test_the_highest_epoch_says_who_an_author_is() -> None:
    told = [party("x:a", "c:1", 3), party("x:a", "a:x:a", 2), party("x:b", "a:x:b")]
    records = [Written(each.author.encode(), each.to_json()) for each in told]
    assert find_parties(records, {"x:a", "x:c"}) == {"x:a": told[0]}


ONE, OTHER = Target("x:1", "x:1", "x:a"), Target("K-Y", "x:2", "x:b")


def test_contacts_of_one_party_may_be_one_case() -> None:
    check_one_party(ONE, OTHER, {"x:a": party("x:a", "c:1"), "x:b": party("x:b", "c:1")})
    check_one_party(ONE, Target("x:3", "x:3", "x:a"), {"x:a": party("x:a", "a:x:a")})


@pytest.mark.parametrize(
    ("parties", "told"),
    [
        ({"x:a": "c:1", "x:b": "a:x:b"}, r"confirm a link first: listener link confirm x:b 1 "),
        ({"x:a": "a:x:a", "x:b": "c:2"}, r"confirm a link first: listener link confirm x:a 2 "),
        (
            {"x:a": "a:x:a", "x:b": "a:x:b"},
            r"first: listener link confirm x:a CUSTOMER .* and .* x:b CUSTOMER ",
        ),
        ({"x:a": "c:1", "x:b": "c:2"}, r"x:1 is of c:1, K-Y of c:2: .*confirm a link first"),
        ({"x:a": "c:1"}, r"K-Y: nothing was heard yet of the author x:b"),
    ],
)
def test_contacts_of_different_parties_may_not(parties: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        check_one_party(ONE, OTHER, {author: party(author, name) for author, name in parties.items()})


def test_a_contact_has_no_case_with_itself() -> None:
    with pytest.raises(UsageError, match="the same contact"):
        check_one_party(ONE, ONE, {"x:a": party("x:a", "c:1")})


def test_a_case_stands_for_its_contact_where_it_has_only_one() -> None:
    whole = Target(CASE.case_id, CASE.anchor, CASE.anchor_author, CASE)
    assert single_contact(whole) == whole
    assert single_contact(ONE) == ONE
    over = CASE.model_copy(update={"state": "superseded", "contacts": (), "contact_count": 0})
    ended = Target(CASE.case_id, CASE.anchor, CASE.anchor_author, over)
    assert single_contact(ended) == ended, "what ended it can be taken back"
    several = CASE.model_copy(update={"contact_count": 2})
    with pytest.raises(UsageError, match=f"2 contacts; name the one that is meant:\n  {CONTACT.mention_id}"):
        single_contact(Target(CASE.case_id, CASE.anchor, CASE.anchor_author, several))
