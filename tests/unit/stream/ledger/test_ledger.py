"""One author's history: what is folded, what is said about it, and how large it may become."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.command import RematchAuthor
from listener.domain.customer import Customer
from listener.domain.enriched import EnrichedDeletion, EnrichedMention, RootCause
from listener.domain.errors import Rejected
from listener.domain.party import PartyEvent, PartyOf
from listener.domain.response import Response
from listener.domain.topics import COMMANDS, ENRICHED, LINKS, PARTIES, PARTY_EVENTS, RAW, RESPONSES
from stream.ledger.author_state import MAX_CONTACTS, AuthorState
from stream.ledger.ledger import Ledger, Recorded
from stream.moments import to_ms
from stream.stage import Input, Output, Position, Step
from unit.stream.worlds import (
    NOW,
    TaggedTexts,
    at,
    command,
    customers,
    deletion,
    link,
    mention,
    outbound,
    response,
)


class Author:
    """Feeds the ledger with one author's records."""

    def __init__(self, key: str = "x:a") -> None:
        self.customers = customers()
        self.ledger = Ledger(TaggedTexts(), self.customers)
        self.key = key
        self.state: bytes | None = None
        self.offset = 0

    def hear(self, *values: Recorded | RematchAuthor, first: int | None = None) -> list[Output]:
        """One batch; `first` is the offset of its first record where it is a repetition."""
        step = self.step(values, self.offset if first is None else first)
        self.state = step.state
        self.offset += len(values) if first is None else 0
        return list(step.outputs)

    def step(self, values: Sequence[Recorded | RematchAuthor], first: int) -> Step:
        inputs = [
            Input(Position(RAW.name, 0, offset), value)
            for offset, value in enumerate(self.ledger.prepare(values), first)
        ]
        return self.ledger.step(self.key, self.state, inputs, NOW)

    @property
    def memory(self) -> AuthorState:
        assert self.state is not None
        return AuthorState.unpacked(self.key, self.state)


def of_topic(outputs: Sequence[Output], topic: str) -> list[Any]:
    return [output.value for output in outputs if output.topic == topic]


def test_a_first_mention_is_enriched_and_its_author_a_party_alone() -> None:
    outputs = Author().hear(mention("1", "complaint cause-delay", 0))
    assert [(output.topic, output.key) for output in outputs] == [
        (PARTIES.name, "x:a"),
        (ENRICHED.name, "a:x:a"),
    ]
    [truth], [enriched] = of_topic(outputs, PARTIES.name), of_topic(outputs, ENRICHED.name)
    assert isinstance(truth, PartyOf)
    assert (truth.party, truth.epoch, truth.customer_id) == ("a:x:a", 1, None)
    assert isinstance(enriched, EnrichedMention)
    assert (enriched.epoch, enriched.author, enriched.grouping_cause) == (1, "x:a", "cause-delay")


def test_evidence_moves_everything_known_to_the_customer() -> None:
    author = Author()
    author.hear(mention("1", "complaint", 0), outbound("o1", "sorry", 1, "1", "x:a"))
    outputs = author.hear(mention("2", "complaint", 2, email="One@example.org"))
    assert [(output.topic, output.key) for output in outputs] == [
        (PARTIES.name, "x:a"),
        (PARTY_EVENTS.name, "c:1"),
        (PARTY_EVENTS.name, "a:x:a"),
        (ENRICHED.name, "c:1"),
    ]
    join, leave = of_topic(outputs, PARTY_EVENTS.name)
    assert (join.kind, join.epoch, [c.mention_id for c in join.contacts]) == ("join", 2, ["x:1", "x:2"])
    assert [answer.response_id for answer in join.responses] == ["x:o1"]
    assert (leave.kind, leave.epoch, leave.to_party) == ("leave", 2, "c:1")
    assert PartyEvent.read(join.to_json()) == join


def test_a_confirmed_customer_holds_and_a_rejected_one_does_not() -> None:
    author = Author()
    author.hear(mention("1", "complaint", 0, email="one@example.org"))
    assert author.memory.party == "c:1"
    author.hear(link("x:a", ("1", "rejected", 1)))
    assert author.memory.party == "a:x:a"
    author.hear(link("x:a", ("1", "rejected", 1), ("unheard-of", "confirmed", 2)))
    assert author.memory.party == "c:unheard-of"
    assert author.memory.epoch == 3


def test_whoever_became_a_customer_later_is_moved_when_looked_at_once_more() -> None:
    author = Author()
    author.hear(mention("1", "complaint", 0, email="late@example.org"), response("r", "1", "x:a", 1))
    again = RematchAuthor(kind="rematch", author="x:a", by="K", at=NOW)
    before = author.state
    assert (author.hear(again), author.state) == ([], before)
    author.customers.put(Customer(customer_id="9", emails=("late@example.org",)))
    outputs = author.hear(again)
    assert [(output.topic, output.key) for output in outputs] == [
        (PARTIES.name, "x:a"),
        (PARTY_EVENTS.name, "c:9"),
        (PARTY_EVENTS.name, "a:x:a"),
    ]
    [truth], [join, leave] = of_topic(outputs, PARTIES.name), of_topic(outputs, PARTY_EVENTS.name)
    assert (truth.party, truth.epoch, truth.method) == ("c:9", 2, "email")
    assert ([c.mention_id for c in join.contacts], leave.to_party) == (["x:1"], "c:9")
    after = author.state
    assert author.hear(again, first=author.offset - 1) == outputs, "read again after a crash"
    assert (author.hear(again), author.state) == ([], after), "looked at a second time"


def test_nobody_becomes_an_author_by_being_looked_at() -> None:
    author = Author()
    again = RematchAuthor(kind="rematch", author="x:a", by="K", at=NOW)
    assert (author.hear(again), author.state) == ([], None)
    assert author.ledger.decode(COMMANDS.name, again.to_json()) == again


def test_a_repeated_record_is_published_again_and_changes_nothing() -> None:
    author = Author()
    author.hear(mention("1", "complaint", 0))
    values: list[Recorded] = [
        mention("2", "complaint", 2, email="one@example.org"),
        command("c1", "close", "x:a", ["1"], 3),
    ]
    outputs = author.hear(*values)
    before = author.state
    assert author.hear(*values, first=1) == outputs
    assert author.state == before
    assert [output.topic for output in author.hear(values[0], first=1)] == [ENRICHED.name]
    assert PARTIES.name in [output.topic for output in author.hear(values[1], first=2)]


def test_a_second_import_keeps_the_time_of_the_first() -> None:
    author = Author()
    author.hear(mention("1", "complaint", 0, heard_after=1))
    before = author.memory.history.contacts
    [enriched] = of_topic(author.hear(mention("1", "complaint", 0, heard_after=500)), ENRICHED.name)
    assert enriched.mention == mention("1", "complaint", 0, heard_after=1)
    assert author.memory.history.contacts == before


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newest_revision_is_shown_and_the_first_one_groups(order: tuple[int, int]) -> None:
    author = Author()
    values = [
        mention("1", "complaint cause-first", 0),
        mention("1", "question cause-later", 0, revision=5),
    ]
    for number in order:
        author.hear(values[number])
    [row] = author.memory.history.contacts.values()
    assert (row.need, row.causes, row.grouping_cause) == ("question", ["cause-later"], "cause-first")


@pytest.mark.parametrize("first", ["mention", "deletion"])
def test_a_deletion_takes_the_words_and_leaves_the_count(first: str) -> None:
    author = Author()
    said = mention(
        "1", "complaint cause-delay", 0, title="t", author_name="Ann", url="https://e.org/1", email="a@b.org"
    )
    gone = deletion("1", "x:a", 5)
    outputs = [*author.hear(*((said, gone) if first == "mention" else (gone, said)))]
    outputs += author.hear(mention("1", "complaint again", 0, revision=9))
    [row] = author.memory.history.contacts.values()
    assert (row.deleted, row.excerpt, row.url, row.need) == (True, "", None, "complaint")
    assert b"complaint cause" not in (author.state or b"")
    for value in of_topic(outputs, ENRICHED.name):
        if isinstance(value, EnrichedDeletion):
            assert value.deletion == gone
        else:
            assert value.deleted
            assert (value.mention.text, value.mention.title, value.mention.url) == ("", None, None)
            assert (value.mention.author_name, value.mention.contactable) == (None, None)
            assert value.enrichment.need == "complaint"


def test_an_answer_is_derived_and_an_explicit_one_overrides_it() -> None:
    author = Author()
    outputs = author.hear(
        mention("1", "complaint", 0), outbound("o1", "sorry", 1, "1", "x:a", automatic=True)
    )
    [event] = of_topic(outputs, PARTY_EVENTS.name)
    assert isinstance(event.response, Response)
    assert (event.response.response_id, event.response.contact) == ("x:o1", "x:1")
    assert (event.response.kind, event.response.by, event.response.derived) == (
        "acknowledged",
        "x:company",
        True,
    )
    explicit = response("x:o1", "1", "x:a", 2, kind="resolved", level="manager")
    [event] = of_topic(author.hear(explicit), PARTY_EVENTS.name)
    assert event.response == explicit
    again = author.hear(outbound("o1", "sorry", 1, "1", "x:a", revision=3))
    assert [event.response for event in of_topic(again, PARTY_EVENTS.name)] == [explicit]
    assert list(author.memory.history.contacts) == ["x:1"]


def test_the_companys_words_to_nobody_are_enriched_and_no_more() -> None:
    author = Author("x:company")
    outputs = author.hear(mention("o9", "hello all", 0, "x:company", direction="outbound"))
    assert [(output.topic, output.key) for output in outputs] == [
        (PARTIES.name, "x:company"),
        (ENRICHED.name, "a:x:company"),
    ]
    assert not author.memory.history.contacts
    assert not author.memory.history.responses


def test_a_person_chooses_the_cause() -> None:
    author = Author()
    author.hear(mention("1", "complaint cause-delay", 0))
    author.hear(command("c1", "reclassify", "x:a", ["1"], 1, cause="cause-bags", owner="ground"))
    [enriched] = of_topic(author.hear(mention("1", "complaint cause-delay", 0)), ENRICHED.name)
    assert enriched.grouping_cause == "cause-bags"
    assert enriched.told_cause == RootCause(node="cause-bags", owner="ground", score=1.0)
    edited = mention("1", "complaint cause-delay", 0, revision=to_ms(at(1)) + 1)
    [enriched] = of_topic(author.hear(edited), ENRICHED.name)
    assert (enriched.grouping_cause, enriched.told_cause) == ("cause-bags", None), (
        "it says what it is about itself"
    )


def test_a_person_says_whether_it_needs_a_response() -> None:
    author = Author()
    author.hear(mention("1", "complaint cause-delay", 0))
    author.hear(command("c2", "needs_no_response", "x:a", ["1"], 2))
    author.hear(command("c1", "needs_response", "x:a", ["1"], 1))
    [enriched] = of_topic(author.hear(mention("1", "complaint cause-delay", 0)), ENRICHED.name)
    assert (enriched.enrichment.need, enriched.told_response) == ("complaint", False)
    edited = mention("1", "complaint cause-delay", 0, revision=to_ms(at(2)) + 1)
    [enriched] = of_topic(author.hear(edited), ENRICHED.name)
    assert enriched.told_response is None, "it speaks for itself"


def test_older_contacts_become_numbers_and_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.ledger.author_state.MAX_OLDER", 30)
    author = Author()
    many = [mention(str(number), "complaint", number * 24.0) for number in range(MAX_CONTACTS + 25)]
    author.hear(*many)
    author.hear(*reversed(many))
    memory = author.memory
    assert len(memory.history.contacts) == MAX_CONTACTS
    assert (memory.older, memory.older_count, memory.mass) == ({"2026-11": 25}, 25, False)
    assert min(int(name[2:]) for name in memory.history.contacts) == 25
    more = [mention(str(number), "complaint", number * 24.0) for number in range(300, 310)]
    outputs = author.hear(*more)
    assert len(of_topic(outputs, ENRICHED.name)) == 10
    assert (author.memory.older_count, author.memory.mass) == (30, True)


def test_a_state_stays_small() -> None:
    author = Author()
    words = "complaint cause-delay " + "word " * 20
    sizes = {}
    for number in range(200):
        author.hear(mention(str(number), words, number, url="https://example.org/status/123456789"))
        sizes[number + 1] = len(author.state or b"")
    assert sizes[1] < 600
    assert sizes[5] < 2_200
    assert sizes[200] < 80_000


@pytest.mark.parametrize(
    ("topic", "value"),
    [
        (RAW.name, None),
        (RAW.name, b"{"),
        (RESPONSES.name, b"{}"),
        (LINKS.name, b'{"author": 1}'),
        (COMMANDS.name, command("c1", "together", "x:a", ["1"], 0).to_json()),
        (COMMANDS.name, command("c1", "together", "x:a", ["1", "1"], 0).to_json()),
        (COMMANDS.name, command("c1", "assign", "x:a", ["1"], 0).to_json()),
        (COMMANDS.name, command("c1", "reclassify", "x:a", ["1"], 0).to_json()),
    ],
)
def test_what_can_never_be_processed_is_rejected(topic: str, value: bytes | None) -> None:
    with pytest.raises(Rejected):
        Author().ledger.decode(topic, value)


def test_a_record_under_another_key_is_rejected() -> None:
    with pytest.raises(Rejected, match="wrong-key: the key is not the author, x:a"):
        Author("x:b").hear(mention("1", "complaint", 0))


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 3), st.booleans()), max_size=12))
def test_a_state_that_is_remembered_unpacked_is_the_state_that_was_packed(
    batches: list[tuple[int, int, bool]],
) -> None:
    values: list[Recorded] = [
        mention("1", "complaint cause-first", 0, revision=3),
        mention("1", "question cause-later", 0, revision=5),
        mention("2", "complaint", 1, email="one@example.org"),
        outbound("o1", "sorry", 2, "1", "x:a"),
        response("r1", "2", "x:a", 3),
        deletion("1", "x:a", 4),
        link("x:a", ("1", "rejected", 5)),
        command("c1", "reclassify", "x:a", ["2"], 6, cause="other"),
        mention("3", "praise", 7, email="two@example.org"),
    ]
    author = Author()
    for first, count, lost in batches:
        batch = values[first : first + count]
        step = author.step(batch, first)
        afresh = Author()
        afresh.state = author.state
        assert step == afresh.step(batch, first)
        if not lost:  # else the batch failed, and its state was never stored
            author.state = step.state
