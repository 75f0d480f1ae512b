"""The taxonomy as people write it."""

import pytest

from listener.domain.errors import UsageError
from stream.enrichment.taxonomy import default_taxonomy, read_taxonomy

GOOD = """\
nodes:
  - id: billing
    name: Billing
    owner: finance
    keywords: [Overcharged, double-charged]
"""


def test_reads_and_normalises() -> None:
    node = read_taxonomy(GOOD, "t.yaml").nodes[0]
    assert (node.id, node.owner, node.keywords) == ("billing", "finance", ("overcharged", "double charged"))


def test_severity_words_are_the_shipped_ones_unless_given() -> None:
    assert read_taxonomy(GOOD, "t.yaml").severity == default_taxonomy().severity
    own = read_taxonomy(GOOD + "severity:\n  safety: [fire]\n", "t.yaml")
    assert own.severity == {"safety": ("fire",)}


def test_version_follows_the_content() -> None:
    assert read_taxonomy(GOOD, "a").version == read_taxonomy("# a comment\n" + GOOD, "b").version
    assert read_taxonomy(GOOD, "a").version != read_taxonomy(GOOD.replace("finance", "sales"), "a").version


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + "    colour: red\n", "t.yaml:6: nodes.0.colour: Extra inputs are not permitted"),
        (GOOD + GOOD.partition("\n")[2], "t.yaml:6: nodes.1.id: this id stands twice"),
        (GOOD.replace("[Overcharged, double-charged]", "[]"), "t.yaml:5: nodes.0.keywords"),
        (
            GOOD.replace("Overcharged", '"over(charged"'),
            "t.yaml:5: nodes.0.keywords.0: Value error, a phrase",
        ),
        (GOOD.replace("billing", "unknown"), "t.yaml:2: nodes.0.id: Value error, 'unknown' stands for none"),
        (GOOD + "severity:\n  fun: [x]\n", "t.yaml:7: severity.fun"),
        ("nodes: []", "t.yaml:1: nodes"),
        ("nodes: [", "t.yaml:1: not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as told:
        read_taxonomy(text, "t.yaml")
    assert problem in str(told.value)
