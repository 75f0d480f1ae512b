"""What each pure step costs, in microseconds for a mention, without Kafka."""

import gc
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from bench.options import Options
from bench.peers.work import now
from bench.world import world
from listener.domain.enriched import read_enriched
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import ENRICHED, PARTY_EVENTS, RAW, TRIAGE
from stream.enriching_process import GARBAGE_THRESHOLDS
from stream.enrichment import clean, complaint, copies, need
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.language import LanguageDetector
from stream.enrichment.passed_on import passed_on
from stream.enrichment.phrases import Phrases
from stream.enrichment.pipeline import Enricher, whole_text
from stream.enrichment.reach_claims import apart_from_reach_claims
from stream.enrichment.root_causes import RootCauses
from stream.enrichment.sentiment import Vader
from stream.enrichment.severity import Severities
from stream.enrichment.taxonomy import default_taxonomy
from stream.ledger.author_state import AuthorState
from stream.ledger.ledger import Ledger
from stream.stage import Input, Output, Position, Stage
from stream.triage.party_state import PartyState
from stream.triage.policy import default_policy
from stream.triage.triage import Triage

BATCH = 500
WARM_UP = 200
"""Mentions that load what is loaded with the first."""
Cost = tuple[str, str, float]
"""Part of the way, step, microseconds."""


def measure(name: str, options: Options) -> dict[str, Any]:
    """The median over the repetitions of each step's mean."""
    given = world(min(options.mentions, 10_000), options.texts)
    customers = CustomerIndex()
    for customer in given.customers:
        customers.put(customer)
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    _enrichment(given.mentions[:WARM_UP])
    rounds = [[*_enrichment(given.mentions), *_way(given.mentions, customers)] for _ in range(options.repeat)]
    return {
        "mentions": len(given.mentions),
        "steps": [
            {"part": part, "step": step, "microseconds": median(costs[number][2] for costs in rounds)}
            for number, (part, step, _) in enumerate(rounds[0])
        ],
    }


def timed(calls: Sequence[Any], function: Callable[[Any], Any]) -> tuple[list[Any], float]:
    """What a function gives for each argument, and its microseconds for one."""
    started = time.process_time()
    given = [function(call) for call in calls]
    return given, (time.process_time() - started) / len(calls) * 1e6


def _enrichment(mentions: Sequence[Mention]) -> list[Cost]:
    heard = [mention for mention in mentions if mention.direction == "inbound"]
    taxonomy = default_taxonomy()
    languages, vader, severities, causes = (
        LanguageDetector(),
        Vader(),
        Severities(taxonomy),
        RootCauses(taxonomy),
    )
    phrases = Phrases(complaint.PHRASES, need.PHRASES, severities.phrases, causes.phrases)
    texts, cleaning = timed(heard, lambda mention: clean.clean(whole_text(mention)))
    read, claiming = timed(texts, apart_from_reach_claims)
    texts = [text for text, _ in read]
    passed, passing = timed(texts, passed_on)
    wordings, wording = timed(
        [*zip(texts, passed, strict=True)],
        lambda given: copies.words_of(given[0] if given[1] is None else given[1].repeated),
    )
    together = [wordings[start : start + BATCH] for start in range(0, len(wordings), BATCH)]
    _, marking = timed(together, copies.copy_marks)
    spoken, language = timed(texts, lambda text: languages.detect(text.words))
    english = [number for number, found in enumerate(spoken) if found.code == "en"]
    felt_of, sentiment = timed(english, lambda number: vader.sentiment(texts[number].text))
    felt = dict(zip(english, felt_of, strict=True))
    hits, finding = timed(texts, lambda text: phrases.find(text.words))
    complains_of, complaining = timed(
        english,
        lambda number: complaint.complaint_in_english(
            texts[number].words, hits[number][0], felt[number], None
        ),
    )
    complains = dict(zip(english, complains_of, strict=True))
    each = range(len(texts))
    severe, severity = timed(each, lambda number: severities.find(texts[number].words, hits[number][2]))
    found_causes, root_causes = timed(hits, lambda found: causes.find(found[3]))
    findings = [
        need.Findings(
            texts[number],
            hits[number][1],
            spoken[number],
            felt.get(number),
            complains.get(number, _NO_COMPLAINT),
            severe[number],
            found_causes[number],
            heard[number].rating,
            passed[number],
        )
        for number in each
    ]
    _, needs = timed(findings, need.need_of)
    enricher = Enricher()
    batches = [mentions[start : start + BATCH] for start in range(0, len(mentions), BATCH)]
    _, whole = timed(batches, enricher.enrich)
    part = "enrichment"
    return [
        (part, "clean", cleaning),
        (part, "claims of reach", claiming),
        (part, "what is passed on", passing),
        (part, "copies", wording + marking * len(together) / len(texts)),
        (part, "language", language),
        (part, "sentiment (English)", sentiment),
        (part, "phrases", finding),
        (part, "complaint (English)", complaining),
        (part, "severity", severity),
        (part, "root causes", root_causes),
        (part, "need", needs),
        (part, "all of it", whole * len(batches) / len(mentions)),
    ]


_NO_COMPLAINT = complaint.complaint_elsewhere(None)


def _way(mentions: Sequence[Mention], customers: CustomerIndex) -> list[Cost]:
    ledger, triage = Ledger(Enricher(), customers), Triage(default_policy(), customers)
    values, writing = timed(mentions, lambda mention: mention.to_json())
    read, reading = timed(values, read_raw)
    _, identity = timed(read, AuthorIdentity.of)
    heard: list[Any] = ledger.prepare(read)
    _, matching = timed(heard, lambda value: customers.match(value.identity))
    states: dict[str, bytes] = {}
    told, folding = timed([*enumerate(heard)], folder(ledger, RAW.name, states))
    unpacked, unpacking = timed([*states.items()], lambda state: AuthorState.unpacked(*state))
    _, packing = timed(unpacked, lambda state: state.packed())
    enriched = [output for outputs in told for output in outputs if output.topic == ENRICHED.name]
    wire, enriched_writing = timed(enriched, lambda output: output.value.to_json())
    again, enriched_reading = timed(wire, read_enriched)
    events = [
        output for outputs in told for output in outputs if output.topic in (ENRICHED.name, PARTY_EVENTS.name)
    ]
    by_value = {id(output.value): value for output, value in zip(enriched, again, strict=True)}
    parties: dict[str, bytes] = {}
    cases_of, triaging = timed(
        [(n, by_value.get(id(output.value), output.value)) for n, output in enumerate(events)],
        folder(triage, ENRICHED.name, parties),
    )
    party_states, party_unpacking = timed([*parties.values()], PartyState.unpacked)
    _, party_packing = timed(party_states, lambda state: state.packed())
    cases = [output for outputs in cases_of for output in outputs if output.topic == TRIAGE.name]
    _, case_writing = timed(cases, lambda output: output.value.to_json())
    return [
        ("JSON", "read a mention", reading),
        ("JSON", "write a mention", writing),
        ("JSON", "write an enriched mention", enriched_writing),
        ("JSON", "read an enriched mention", enriched_reading),
        ("JSON", "write a case", case_writing),
        ("ledger", "identity", identity),
        ("ledger", "match", matching),
        ("ledger", "step, state in and out", folding),
        ("ledger", "of it: unpack the state", unpacking),
        ("ledger", "of it: pack the state", packing),
        ("triage", "step, state in and out", triaging),
        ("triage", "of it: unpack the state", party_unpacking),
        ("triage", "of it: pack the state", party_packing),
    ]


def folder(
    stage: Stage[Any], topic: str, states: dict[str, bytes]
) -> Callable[[tuple[int, Any]], tuple[Output, ...]]:
    """A function that takes numbered values of a stage one by one, keeps the states, and gives the outputs."""
    at = now()

    def fold(numbered: tuple[int, Any]) -> tuple[Output, ...]:
        number, value = numbered
        key = value.party if stage.name == Triage.name else _author(value)
        step = stage.step(key, states.get(key), [Input(Position(topic, 0, number), value)], at)
        if step.state is not None:
            states[key] = step.state
        return step.outputs

    return fold


def _author(value: Any) -> str:
    return str(value.key)
