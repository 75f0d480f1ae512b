"""`listener enrich`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from listener.cli.enrich_command import command
from listener.domain.enriched import EnrichedMention
from listener.domain.errors import ListenerError, UsageError


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(command, arguments, input=given)


def told(result: Result) -> list[EnrichedMention]:
    return [EnrichedMention.read(line) for line in result.stdout.splitlines()]


MENTION = {
    "mention_id": "shop:7",
    "source": "reviews",
    "source_kind": "shop",
    "native_id": "7",
    "author": "shop:jane",
    "channel": "review",
    "visibility": "public",
    "text": "The parcel never arrived, terrible service",
    "occurred_at": "2026-03-01T12:00:00Z",
    "received_at": "2026-03-01T12:00:01Z",
}


def test_mentions_and_bare_texts() -> None:
    result = run(
        given=json.dumps(MENTION) + "\n\n" + '{"text": "What time do you open?", "channel": "chat"}\n'
    )
    assert result.exit_code == 0
    review, question = told(result)
    assert (review.party, review.enrichment.need, review.grouping_cause) == (
        "a:shop:jane",
        "complaint",
        "delivery",
    )
    assert (question.mention.mention_id, question.mention.channel, question.enrichment.need) == (
        "text:3",
        "chat",
        "question",
    )


def test_near_copies_have_the_copy_of_the_first() -> None:
    words = "my bag has been lost for nine days and nobody at the desk picks up the phone"
    texts = [words, "when does the lounge open on sundays in spring", words.replace("nine", "ten"), "ok"]
    result = run(given="".join(json.dumps({"text": text}) + "\n" for text in texts))
    first, other, near, short = (one.enrichment.copy_of for one in told(result))
    assert first == near
    assert first != other
    assert short is None


def test_bad_lines_are_told_and_the_rest_goes_on() -> None:
    bad = [
        "nonsense",
        "[]",
        '{"foo": 1}',
        '{"text": 5}',
        '{"text": "x", "channel": ["a"]}',
        '{"text": "x", "author": ""}',
    ]
    result = run(given="\n".join([*bad, '{"text": "hello"}']))
    assert isinstance(result.exception, ListenerError)
    assert str(result.exception) == "6 lines could not be used"
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == ["1", "2", "3", "4", "5", "6"]
    assert len(told(result)) == 1


def test_customers(tmp_path: Path) -> None:
    table = tmp_path / "customers.csv"
    table.write_text(
        "customer_id,names,handles,phones\nC1,Jane,shop:jane,\nC2,John,,020 7946 0001\n", encoding="utf-8"
    )
    phoned = json.dumps({"text": "hello", "contactable": {"phone": "+442079460001"}})
    result = run("--customers", str(table), "--region", "GB", given=json.dumps(MENTION) + "\n" + phoned)
    assert [(one.party, one.match.method) for one in told(result)] == [("c:C1", "handle"), ("c:C2", "phone")]


def test_taxonomy(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("nodes:\n  - {id: post, name: Post, owner: mail, keywords: [parcel*]}\n", encoding="utf-8")
    assert told(run("--taxonomy", str(own), given=json.dumps(MENTION)))[0].grouping_cause == "post"


@pytest.mark.parametrize("option", ["--taxonomy", "--customers"])
def test_missing_files(option: str) -> None:
    assert isinstance(run(option, "no/such/file.yaml").exception, UsageError)


def test_the_match_goes_by_what_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("listener.yaml").write_text(
        "default_phone_region: GB\nmatching: {mode: exact, references: ['ord-\\d{5}']}\n"
    )
    Path("customers.csv").write_text("customer_id,phones,references\nC1,020 7946 0001,\nC2,,ORD-12345\n")
    said = [{"text": "Where is ord-12345?"}, {"text": "Hello", "contactable": {"phone": "020 7946 0001"}}]
    given = "\n".join(map(json.dumps, said))
    found = told(run("--customers", "customers.csv", given=given))
    assert [one.party for one in found] == ["c:C2", "c:C1"]
    assert {one.match.version for one in found} == {"match-2-exact"}
