"""Thirty-six hard mentions of our own writing, with what Listener says of each and why, as a page.

python -m listener.evaluation.hard_mentions > docs/enrichment-examples.md
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files

from pydantic import Field

from listener.domain.document import Document, read_document
from listener.domain.enriched import Enrichment, Need
from listener.domain.ids import anonymous_author, mention_id
from listener.domain.mention import Channel, Mention, usual_visibility
from stream.enrichment.pipeline import Enricher

_KIND = "example"
_SAID_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_HEAD = """\
# Hard mentions, and what Listener says

Thirty-six mentions of our own writing that are easy to get wrong, through the very steps of the stream with what
ships untrained ([how they work](enrichment.md)). *A person* is what a careful person would say; where two answers
stand, either will do. **Differs** marks where Listener says something else: {wrong} of {all}.

Made by `python -m listener.evaluation.hard_mentions > docs/enrichment-examples.md` from
`src/listener/evaluation/hard_mentions.yaml`; a test fails when the page is not what the steps say.
"""


class HardMention(Document):
    """A mention, why it is hard, and what is right."""

    why: str = Field(min_length=1)
    need: tuple[Need, ...] = Field(min_length=1)
    """Which answers will do."""
    text: str
    rating: float | None = None
    channel: Channel = "social"

    def mention(self, number: int) -> Mention:
        """As a connector would publish it."""
        native_id = str(number)
        return Mention(
            mention_id=mention_id(_KIND, native_id),
            source=_KIND,
            source_kind=_KIND,
            native_id=native_id,
            author=anonymous_author(_KIND, native_id),
            channel=self.channel,
            visibility=usual_visibility(self.channel),
            text=self.text,
            rating=self.rating,
            occurred_at=_SAID_AT,
            received_at=_SAID_AT,
        )


class _HardMentions(Document):
    mentions: tuple[HardMention, ...] = Field(min_length=1)


def hard_mentions() -> tuple[HardMention, ...]:
    """All of them."""
    source = files(__package__).joinpath("hard_mentions.yaml")
    return read_document(_HardMentions, source.read_text(encoding="utf-8"), "hard_mentions.yaml").mentions


def page(given: Sequence[HardMention], found: Sequence[Enrichment]) -> str:
    """The page, in Markdown."""
    wrong = sum(one.need not in hard.need for hard, one in zip(given, found, strict=True))
    copies = [one.copy_of for one in found]
    parts = [_HEAD.format(wrong=wrong, all=len(given))]
    for number, (hard, one) in enumerate(zip(given, found, strict=True), start=1):
        same = [
            str(other + 1)
            for other, key in enumerate(copies)
            if key is not None and key == one.copy_of and other + 1 != number
        ]
        parts.append(_entry(number, hard, one, same))
    return "\n".join(parts)


def _entry(number: int, hard: HardMention, found: Enrichment, same: Sequence[str]) -> str:
    lines = [f"## {number}. {hard.why.capitalize()}", ""]
    lines += ["```text", hard.text, "```"]
    stars = "" if hard.rating is None else f", rated {hard.rating:g} of 1"
    answer = "wants an answer" if found.needs_response else "wants no answer"
    said = f"**{found.need}**, {answer}: {'; '.join(found.need_reasons)}."
    person = f"A person{stars}: {' or '.join(hard.need)}."
    rests = [f"language {found.language.code} {found.language.probability:.2f}"]
    if found.sentiment is not None:
        rests.append(f"sentiment {found.sentiment.label} {found.sentiment.compound:+.2f}")
    rests.append(f"complaint {found.complaint.probability:.2f}")
    rests += [
        f"cause {cause.node} ({', '.join(f'“{word}”' for word in cause.evidence)})"
        for cause in found.root_causes
    ]
    rests += [f"says of its reach “{claim}”, which counts for nothing" for claim in found.reach_claims]
    if same:
        rests.append(f"the same words as {', '.join(same)}")
    lines += [
        "",
        said,
        f"{person}{'' if found.need in hard.need else ' **Differs.**'}",
        "",
        "; ".join(rests) + ".",
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Writes the page to standard output."""
    given = hard_mentions()
    found = Enricher().enrich([hard.mention(number) for number, hard in enumerate(given, start=1)])
    print(page(given, found), end="")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
