"""The quick reader reads what the contract reads, and leaves to the contract what it refuses."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field, field_validator

from fakes.changed_values import changed
from listener.domain.case import Case
from listener.domain.contract import Contract, EventTime, Versioned
from listener.domain.customer import Customer
from listener.domain.enriched import EnrichedDeletion, EnrichedMention, read_enriched
from listener.domain.errors import Rejected
from listener.domain.mention import Mention, read_raw, validators_pass
from listener.domain.party import PartyEvent, PartyOf
from listener.domain.quick_read import maker, quick_batch_reader, quick_contract, quick_reader
from listener.domain.response import Goodwill, Response
from listener.examples import examples

EXAMPLES = examples()


Reader = Callable[[bytes], Any]
READERS: dict[type[Versioned], tuple[Reader, Reader]] = {
    EnrichedMention: (
        quick_reader(EnrichedMention, read_enriched, required=["kind"], holds={Mention: validators_pass}),
        read_enriched,
    ),
    Case: (quick_reader(Case, Case.read), Case.read),
    PartyEvent: (quick_reader(PartyEvent, PartyEvent.read), PartyEvent.read),
    PartyOf: (quick_reader(PartyOf, PartyOf.read), PartyOf.read),
    Customer: (quick_reader(Customer, Customer.read), Customer.read),
    Response: (quick_reader(Response, Response.read), Response.read),
}
CONTRACTS: dict[type[Versioned], tuple[Callable[[bytes], Any], Reader]] = {
    EnrichedMention: (
        quick_contract(EnrichedMention, required=["kind"], holds={Mention: validators_pass}),
        read_enriched,
    ),
    Mention: (quick_contract(Mention, required=["kind"], holds={Mention: validators_pass}), read_raw),
    PartyEvent: (quick_contract(PartyEvent), PartyEvent.read),
}
MODELS = sorted(READERS, key=lambda model: model.__name__)


def full(model: type[Versioned]) -> Any:
    """The example as JSON reads it, with as much in it as there can be."""
    value = EXAMPLES[model]
    response = EXAMPLES[Response].model_copy(
        update={"goodwill": Goodwill(amount=5.0, currency="EUR", reason="sorry")}
    )
    if model is PartyEvent:
        value = value.model_copy(update={"kind": "response", "response": response})
    if model is Response:
        value = response
    return json.loads(value.to_json())


def fields(value: Any) -> Any:
    """All that is in a value, with its types; the same for a model and for what a quick reader makes."""
    if isinstance(value, BaseModel):
        return {name: fields(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, msgspec.Struct):
        return {name: fields(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [fields(part) for part in value]
    return type(value).__name__, repr(value)


def outcome(read: Reader, value: bytes) -> Any:
    try:
        return fields(read(value))
    except Rejected as refusal:
        return refusal.reason, refusal.detail


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_whatever_is_changed_it_reads_as_the_contract_does(
    model: type[Versioned], data: st.DataObject
) -> None:
    quick, contract = READERS[model]
    value = data.draw(changed(full(model)))
    assert outcome(quick, value) == outcome(contract, value)


BATCH_READERS: dict[type[Versioned], Callable[[Sequence[bytes]], list[Any]]] = {
    EnrichedMention: quick_batch_reader(
        EnrichedMention,
        read_enriched,
        required=["kind"],
        holds={Mention: lambda mentions: all(map(validators_pass, mentions))},
    ),
    Case: quick_batch_reader(Case, Case.read),
    PartyEvent: quick_batch_reader(PartyEvent, PartyEvent.read),
}


@pytest.mark.parametrize("model", BATCH_READERS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_many_at_once_are_read_as_one_by_one(model: type[Versioned], data: st.DataObject) -> None:
    _, contract = READERS[model]
    values = data.draw(st.lists(changed(full(model)), min_size=1, max_size=5))
    expected = [outcome(contract, value) for value in values]
    if any(isinstance(found, tuple) for found in expected):
        with pytest.raises(Rejected):
            BATCH_READERS[model](values)
    else:
        assert [fields(found) for found in BATCH_READERS[model](values)] == expected


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_broken_bytes_are_refused_in_the_contracts_words(model: type[Versioned], data: st.DataObject) -> None:
    quick, contract = READERS[model]
    value = bytearray(json.dumps(full(model)).encode())
    at = data.draw(st.integers(0, len(value)))
    value[at : at + data.draw(st.integers(0, 3))] = data.draw(
        st.one_of(
            st.binary(max_size=3), st.sampled_from([b"\xff", b"NaN", b"1.0", b'"', b"{", b"}", b",", b"\\u"])
        )
    )
    assert outcome(quick, bytes(value)) == outcome(contract, bytes(value))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_we_write_is_read_without_the_contract(model: type[Versioned]) -> None:
    quick, _ = READERS[model]
    value = model.model_validate_json(json.dumps(full(model))).to_json()
    assert isinstance(quick(value), msgspec.Struct)


@pytest.mark.parametrize("model", CONTRACTS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_a_contract_that_is_read_quickly_is_what_the_contract_reads(
    model: type[Versioned], data: st.DataObject
) -> None:
    quick, contract = CONTRACTS[model]
    value = data.draw(changed(full(model)))
    found = quick(value)
    if found is not None:
        expected = contract(value)
        assert type(found) is type(expected)
        assert found == expected
        assert fields(found) == fields(expected)
        assert found.to_json() == expected.to_json()
        assert found.model_copy(update={"schema_version": 1}) == expected


@pytest.mark.parametrize("model", CONTRACTS, ids=lambda model: model.__name__)
def test_a_contract_as_we_write_it_is_read_quickly(model: type[Versioned]) -> None:
    quick, _ = CONTRACTS[model]
    value = model.model_validate_json(json.dumps(full(model)))
    assert quick(value.to_json()) == value


def test_what_is_made_of_trusted_fields_is_what_the_contract_would_be() -> None:
    fields_given = {"amount": 5.0, "currency": "EUR"}
    made, validated = maker(Goodwill)(**fields_given), Goodwill(amount=5.0, currency="EUR")
    assert made == validated
    assert made.to_json() == validated.to_json()
    assert made.model_copy(update={"reason": "sorry"}).reason == "sorry"
    assert (made.reason, maker(Goodwill)(**fields_given).reason) == ("", "")


def test_what_has_no_default_to_share_has_to_be_given() -> None:
    make = maker(OfAnything)
    with pytest.raises(TypeError, match="OfAnything needs"):
        make()
    with pytest.raises(TypeError, match="Goodwill needs currency"):
        maker(Goodwill)(amount=5.0)


def test_what_the_contract_does_not_have_is_not_made() -> None:
    with pytest.raises(TypeError, match="Goodwill has no reasn"):
        maker(Goodwill)(amount=5.0, currency="EUR", reasn="sorry")


def test_another_model_of_the_topic_is_the_contracts() -> None:
    value = EXAMPLES[EnrichedDeletion]
    assert READERS[EnrichedMention][0](value.to_json()) == value


@given(
    st.sampled_from(["inbound", "outbound"]),
    st.sampled_from([None, "x:1"]),
    st.sampled_from([None, "x:a"]),
    st.sampled_from(["shop", "Shop", "", "a b"]),
)
@example("inbound", "x:1", None, "shop")
def test_what_a_models_own_validators_say_holds(
    direction: str, answers: str | None, author: str | None, kind: str
) -> None:
    value = full(EnrichedMention)
    value["mention"] |= {
        "direction": direction,
        "answers": answers,
        "answers_author": author,
        "source_kind": kind,
    }
    quick, contract = READERS[EnrichedMention]
    raw = json.dumps(value).encode()
    assert outcome(quick, raw) == outcome(contract, raw)


class Validated(Contract):
    name: str

    @field_validator("name")
    @classmethod
    def _anything(cls, value: str) -> str:
        return value


class Altered(Contract):
    name: Annotated[str, AfterValidator(str.upper)]


class OfAnything(Contract):
    what: dict[str, Any] = Field(default_factory=dict)


class OfMany(Contract):
    times: tuple[EventTime, ...] = ()
    kind: Literal["a"] = "a"


@pytest.mark.parametrize("model", [Validated, Altered, OfAnything, OfMany])
def test_what_cannot_be_translated_is_not_read_quickly(model: type[Contract]) -> None:
    with pytest.raises(TypeError):
        quick_reader(model, model.read)
