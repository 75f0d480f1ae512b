"""What is written around a mention's own JSON is what the contract would write."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.domain.enriched import EnrichedMention, Match, RootCause, read_enriched
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import RAW
from stream.enrichment.pipeline import Enricher
from stream.ledger.enriched_json import enriched_json
from stream.ledger.ledger import AsWritten, Ledger
from stream.stage import Input, Output, Position
from unit.stream.worlds import NOW, TaggedTexts, customers, mention, outbound

ENRICHER = Enricher()
MATCHES = (
    Match(status="unknown"),
    Match(status="matched", customer_id="1", method="email", evidence=("é",)),
    Match(status="ambiguous", candidates=("1", "2")),
)
TEXTS = (
    "My refund is four weeks late and nobody answers the phone.",
    "Danke, alles gut!",
    "It caught fire, my lawyer will write to you",
    "",
    "a \x00\u2028\U0001f600",
)


@settings(max_examples=30)
@given(
    st.one_of(st.sampled_from(TEXTS), st.text()),
    st.sampled_from(MATCHES),
    st.booleans(),
    st.sampled_from([None, RootCause(node="cause-bags", owner="é", score=1.0)]),
    st.sampled_from([None, False, True]),
)
def test_what_we_wrote_is_passed_on_as_the_contract_writes_it(
    text: str, match: Match, inbound: bool, told: RootCause | None, told_response: bool | None
) -> None:
    said = mention("1", "", 0, url="https://e.org/1") if inbound else outbound("o", "", 1, "1", "x:a")
    said = said.model_copy(update={"text": text})
    value = EnrichedMention(
        party="c:1",
        epoch=2,
        author="x:a",
        mention=said,
        enrichment=ENRICHER.enrich([said])[0],
        match=match,
        told_cause=told,
        told_response=told_response,
    )
    assert enriched_json(value, said.to_json()) == value.to_json()


def outputs(ledger: Ledger, values: list[object], key: str = "x:a") -> list[Output]:
    inputs = [
        Input(Position(RAW.name, 0, offset), value)
        for offset, value in enumerate(ledger.prepare(values))  # type: ignore[arg-type]  # as decoded
    ]
    return list(ledger.step(key, None, inputs, NOW).outputs)


def written(said: Mention) -> str:
    return said.to_json().decode()


SAID = written(mention("1", "complaint cause-delay", 0, email="one@example.org"))
FORMS = {
    "as we write": SAID,
    "with spaces": SAID.replace(",", " ,\n "),
    "without defaults": SAID.replace('"historical":false,', "").replace(',"historical":false', ""),
    "with nothing said aloud": SAID.replace("{", '{"title":null,', 1),
    "said twice": SAID.replace("{", '{"text":"first",', 1),
    "escaped": SAID.replace("complaint", "\\u0063omplaint"),
    "with a field of a newer writer": SAID.replace("{", '{"newer":1,', 1),
    "in another zone": SAID.replace(":00.000Z", ":00.000+01:00"),
    "in UTC in other words": SAID.replace(":00.000Z", ":00+00:00"),
    "an answer": written(outbound("o", "sorry", 1, "1", "x:a")),
}


@pytest.mark.parametrize("form", FORMS)
def test_in_whatever_form_a_mention_comes_the_same_is_published(form: str) -> None:
    value = FORMS[form].encode()
    decoded = Ledger(TaggedTexts(), customers()).decode(RAW.name, value)
    assert isinstance(decoded, AsWritten) == (
        form not in {"with a field of a newer writer", "in another zone"}
    )
    quick = outputs(Ledger(TaggedTexts(), customers()), [decoded])
    plain = outputs(Ledger(TaggedTexts(), customers()), [read_raw(value)])
    assert [output[:3] for output in quick] == [output[:3] for output in plain]
    [enriched] = [output for output in quick if isinstance(output.value, EnrichedMention)]
    assert enriched.wire is not None
    assert read_enriched(enriched.wire) == enriched.value


def test_what_is_known_better_is_not_passed_on_as_it_came() -> None:
    ledger = Ledger(TaggedTexts(), customers())
    values = [
        ledger.decode(RAW.name, mention("1", "complaint", 0, heard_after=after).to_json())
        for after in (1, 500)
    ]
    found = [output for output in outputs(ledger, [*values]) if isinstance(output.value, EnrichedMention)]
    for output in found:
        assert output.wire is not None
        assert read_enriched(output.wire) == output.value
        assert output.value.mention == mention("1", "complaint", 0, heard_after=1)  # type: ignore[union-attr]
