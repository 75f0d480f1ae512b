"""The accounting sees each way in which something can be lost or doubled."""

from dataclasses import replace
from datetime import UTC, datetime

from listener.chaos.accounting import Account, Logged, Stored, account
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Response
from listener.domain.topics import RAW

AT = datetime(2025, 5, 1, tzinfo=UTC)


def mention(number: int, revision: int = 0) -> bytes:
    return Mention(
        mention_id=f"test:{number}",
        revision=revision,
        source="test",
        source_kind="test",
        native_id=str(number),
        author="test:jane",
        channel="social",
        visibility="public",
        text="late again",
        occurred_at=AT,
        received_at=AT,
    ).to_json()


def deletion(number: int) -> bytes:
    return MentionDeleted(
        mention_id=f"test:{number}",
        source="test",
        source_kind="test",
        native_id=str(number),
        author="test:jane",
        deleted_at=AT,
        received_at=AT,
    ).to_json()


RESPONSE = Response(
    response_id="r-1",
    author="test:jane",
    channel="phone",
    by="K.",
    kind="answered",
    occurred_at=AT,
    received_at=AT,
).to_json()

VALUES = [mention(1), mention(1), mention(1, 5), mention(2), deletion(2), b"not JSON", mention(3)]
LOG = [
    *(Logged(("mentions.raw", 0, offset), offset, value) for offset, value in enumerate(VALUES)),
    Logged(("responses", 0, 0), 8, RESPONSE),
    Logged(("responses", 0, 1), 9, RESPONSE),
]
ACKNOWLEDGED = {record.place for record in LOG}
WHOLE = Stored(
    mentions={"test:1": [5], "test:2": [0], "test:3": [0]},
    tombstones={"test:2"},
    responses={"r-1": 1},
    letters={"mentions.raw[0]@5": 1},
)


def of(stored: Stored) -> Account:
    return account(ACKNOWLEDGED, LOG, stored)


def lost(stored: Stored) -> list[str]:
    return [finding.text for finding in of(stored).lost]


def doubled(stored: Stored) -> list[str]:
    return [finding.text for finding in of(stored).doubled]


def test_every_input_has_exactly_one_fate() -> None:
    result = of(WHOLE)
    assert not result.lost
    assert not result.doubled
    assert result.fates == {"superseded": 2, "current": 4, "deletion": 1, "dead letter": 1, "repeat": 1}
    assert result.fates.total() == len(LOG)


def test_an_acknowledged_record_that_the_broker_lost_is_lost() -> None:
    result = account(ACKNOWLEDGED | {("mentions.raw", 3, 7)}, LOG, WHOLE)
    assert [finding.text for finding in result.lost] == [
        "mentions.raw[3]@7: acknowledged by the broker and not there any more"
    ]


def test_a_record_that_was_not_noted_is_an_input_as_well() -> None:
    assert account(set(), LOG, WHOLE) == of(WHOLE)


def test_a_mention_without_row_is_lost() -> None:
    [text] = lost(replace(WHOLE, mentions={"test:1": [5], "test:2": [0]}))
    assert text == "mentions.raw[0]@6: the mention test:3 is not stored"


def test_an_edit_that_is_not_stored_is_lost() -> None:
    [text] = lost(replace(WHOLE, mentions={**WHOLE.mentions, "test:1": [0]}))
    assert "revision 5 of test:1 is not stored, 0 is" in text


def test_of_a_deleted_mention_the_highest_revision_is_stored() -> None:
    log = [*LOG, Logged(("mentions.raw", 1, 0), 10, mention(2, 7))]
    assert len(account(ACKNOWLEDGED, log, WHOLE).lost) == 1
    result = account(ACKNOWLEDGED, log, replace(WHOLE, mentions={**WHOLE.mentions, "test:2": [7]}))
    assert not result.lost
    assert result.fates.total() == len(log)


def test_a_deletion_that_is_not_stored_is_lost() -> None:
    [text] = lost(replace(WHOLE, tombstones=frozenset()))
    assert "deletion of test:2" in text


def test_an_answer_that_is_not_stored_is_lost() -> None:
    assert len(lost(replace(WHOLE, responses={}))) == 2


def test_a_poisoned_record_without_dead_letter_is_lost() -> None:
    [text] = lost(replace(WHOLE, letters={}))
    assert "mentions.raw[0]@5: cannot be processed (not-json) and is no dead letter" in text


def test_a_mention_that_the_store_refused_is_a_dead_letter() -> None:
    stored = replace(WHOLE, mentions={"test:1": [5], "test:2": [0]}, unstorable={"test:3"})
    assert of(stored).fates["dead letter"] == 2
    assert not lost(stored)


def test_what_the_broker_refuses_must_be_too_large() -> None:
    limit = RAW.max_bytes
    result = account(ACKNOWLEDGED, LOG, WHOLE, [(RAW.name, limit + 1), (RAW.name, limit - 5000)])
    assert result.fates["refused"] == 1
    assert [finding.text for finding in result.lost] == [
        f"mentions.raw: a record of {limit - 5000} bytes was refused as too large"
    ]


def test_two_rows_of_one_thing_are_doubled() -> None:
    assert doubled(replace(WHOLE, mentions={**WHOLE.mentions, "test:3": [0, 0]}))
    assert doubled(replace(WHOLE, responses={"r-1": 2}))
    assert doubled(replace(WHOLE, letters={"mentions.raw[0]@5": 2}))


def test_what_was_never_published_is_doubled() -> None:
    assert doubled(replace(WHOLE, mentions={**WHOLE.mentions, "test:9": [0]}))
    assert doubled(replace(WHOLE, responses={"r-1": 1, "r-9": 1}))
    assert doubled(replace(WHOLE, letters={**WHOLE.letters, "mentions.raw[7]@1": 1}))
