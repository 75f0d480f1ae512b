"""Who the author is where no key tells it: several weak agreements, and nobody where they might be two's."""

import random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from listener.domain.customer import Customer, Detail, Handle
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.linkage.blocking import Blocking
from stream.enrichment.linkage.usual import usual_field
from stream.enrichment.linkage.values import Record
from stream.enrichment.linkage.weights import SWAPPED_FIELD, Scorer
from stream.enrichment.match_rules import MatchRules, usual_weights

RULES = MatchRules(
    weights=usual_weights().model_copy(
        update={"fields": {**usual_weights().fields, "date_of_birth": usual_field("date")}}
    )
)


def jane(customer_id: str = "C1", **fields: Any) -> Customer:
    known: dict[str, Any] = {
        "names": ("Jane Doe",),
        "places": ("Leeds",),
        "handles": (Handle(source_kind="forum", handle="quiltowl1987"),),
        "details": (Detail(field="date_of_birth", value="1987-05-04"),),
    }
    return Customer(customer_id=customer_id, **{**known, **fields})


def author(**known: Any) -> AuthorIdentity:
    return AuthorIdentity(author="twitter:quiltowl1987", source_kind="twitter", **known)


WHOLE = author(
    names=("jane doe",),
    verified_handles=("quiltowl1987",),
    places=("leeds",),
    details=("date_of_birth=1987-05-04",),
)


def index_of(*customers: Customer, rules: MatchRules = RULES) -> CustomerIndex:
    made = CustomerIndex(rules=rules)
    for one in customers:
        made.put(one)
    return made


def test_several_agreements_with_the_reasons() -> None:
    match = index_of(jane()).match(WHOLE)
    assert (match.status, match.customer_id, match.method) == ("matched", "C1", "weighed")
    assert any("surname doe is the same" in told for told in match.evidence)
    assert "the chance that it is somebody else" in match.evidence[-1]
    assert "1987-05-04" not in " ".join(match.evidence)


def test_nicknames_and_other_scripts() -> None:
    young = author(
        **{**WHOLE.model_dump(include={"verified_handles", "places", "details"}), "names": ("Юлия Иванова",)}
    )
    assert index_of(jane(names=("Yuliya Ivanova",))).match(young).customer_id == "C1"
    short = author(
        **{**WHOLE.model_dump(include={"verified_handles", "places", "details"}), "names": ("bob doe",)}
    )
    assert index_of(jane(names=("Robert Doe",))).match(short).customer_id == "C1"


def test_never_by_name_alone() -> None:
    rare = jane(
        names=("Zebulon Quackenbush",), handles=(Handle(source_kind="forum", handle="zebulonquackenbush"),)
    )
    index = index_of(rare)
    assert index.match(author(names=("zebulon quackenbush",))).customer_id is None
    assert (
        index.match(
            author(names=("zebulon quackenbush",), verified_handles=("zebulonquackenbush",))
        ).customer_id
        is None
    )


def test_a_shared_phone_and_a_name_tell_who_it_is() -> None:
    index = index_of(
        Customer(customer_id="C1", names=("Jane Doe",), phones=("+442079460001",)),
        Customer(customer_id="C2", names=("Walter Doe",), phones=("+442079460001",)),
    )
    asked = author(names=("jane doe",), phones=("+442079460001",))
    assert index.match(asked).customer_id == "C1"
    assert index.match(asked, rejected=frozenset({"C1"})).customer_id is None
    assert index.match(author(phones=("+442079460001",))).status == "ambiguous"


def test_a_second_who_is_as_close_makes_it_ambiguous() -> None:
    match = index_of(jane("C1"), jane("C2")).match(WHOLE)
    assert (match.status, match.customer_id, match.candidates) == ("ambiguous", None, ("C1", "C2"))


def test_a_crowd_that_is_not_looked_through_hides_nobody() -> None:
    twins = [jane(f"T{number}", handles=()) for number in range(60)]
    with_account = jane("C1", details=(), places=())
    assert index_of(with_account, *twins).match(WHOLE).customer_id in (None, "C1")


def test_the_switch_never_looks_at_names() -> None:
    exact = MatchRules(mode="exact", weights=RULES.weights)
    assert index_of(jane(), rules=exact).match(WHOLE).status == "unknown"
    assert exact.version != RULES.version


names = st.sampled_from(["Jane Doe", "Jane Roe", "Janet Doe", "John Doe", "Ann Lee"])
people = st.lists(
    st.builds(
        lambda name, place, account, born: {
            "names": (name,),
            "places": (place,),
            "handles": (Handle(source_kind="forum", handle=account),),
            "details": (Detail(field="date_of_birth", value=born),),
        },
        names,
        st.sampled_from(["Leeds", "York"]),
        st.sampled_from(["quiltowl1987", "quiltowl1986", "someone_else_1"]),
        st.sampled_from(["1987-05-04", "1987-05-05", "1950-01-01"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=50)
@given(people, st.randoms(use_true_random=False))
def test_the_order_of_customers_does_not_matter(table: list[dict[str, Any]], chance: random.Random) -> None:
    customers = [jane(f"C{number}", **fields) for number, fields in enumerate(table)]
    shuffled = list(customers)
    chance.shuffle(shuffled)
    again = index_of(*shuffled)
    again.put(jane("gone"))
    again.remove("gone")
    assert again.match(WHOLE) == index_of(*customers).match(WHOLE)


@settings(max_examples=50)
@given(people)
def test_another_customer_never_makes_it_somebody_else(table: list[dict[str, Any]]) -> None:
    index = index_of()
    before = None
    for number, fields in enumerate(table):
        index.put(jane(f"C{number}", **fields))
        index.put(Customer(customer_id=f"U{number}", names=("Olaf Nemo",), places=("Oslo",)))
        found = index.match(WHOLE).customer_id
        assert found in (None, f"C{number}") or found == before or before is None
        before = found


told = st.fixed_dictionaries(
    {
        "given": st.sampled_from([("jane",), ("john",), ("ann", "jane")]),
        "surname": st.sampled_from([("doe",), ("roe",), ("doer",)]),
        "place": st.sampled_from([("leeds",), ("york",), ("lids",)]),
        "account": st.sampled_from([("quiltowl",), ("quiltowk",), ("nobody99",)]),
        "date_of_birth": st.sampled_from([("19870504",), ("19870505",)]),
    }
)


@settings(max_examples=200)
@given(told, told, st.randoms(use_true_random=False))
def test_nobody_who_was_not_compared_weighs_more_than_is_reckoned_with(
    ours: Record, theirs: Record, chance: random.Random
) -> None:
    blocking, scorer = Blocking(RULES.weights), Scorer(RULES.weights)
    others = set(blocking.keys(theirs))
    looked = {fields for fields, _ in blocking.keys(ours) if chance.random() < 0.5}
    assume(not any(key in others for key in blocking.keys(ours) if key[0] in looked))
    found = scorer.beside(ours, lambda *_: 3, 1000).agreements(theirs)
    assume(all(agreed.field != SWAPPED_FIELD for agreed in found))
    assert sum(agreed.bits for agreed in found) <= scorer.most(ours, looked, lambda *_: 3, 1000) + 1e-9


def test_a_birthday_that_very_many_share_keeps_nobody_from_being_found() -> None:
    crowd = [
        jane(f"T{n}", names=(f"Given{n} Name{n}",), places=(f"Town{n}",), handles=()) for n in range(200)
    ]
    assert index_of(jane("C1"), *crowd).match(WHOLE).customer_id == "C1"


def test_numbers_in_the_text_are_keys() -> None:
    index = index_of(Customer(customer_id="C1", references=("ORD-12 345",)))
    assert index.match(author(references=("ORD12345",))).method == "reference"
