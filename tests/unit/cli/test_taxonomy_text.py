"""A root cause is added to a taxonomy, and nothing else changes."""

from importlib.resources import files

import pytest

from listener.cli.taxonomy_text import with_node
from stream.enrichment.taxonomy import read_taxonomy

NODE = {
    "id": "seat",
    "name": "Heated seats",
    "owner": "Production",
    "keywords": ["heated seat*"],
    "examples": ["It's: cold"],
}
SHIPPED = files("stream.enrichment").joinpath("taxonomies", "default.yaml").read_text(encoding="utf-8")
FLAT = """\
# ours
nodes:
- id: a
  name: A
  owner: o
  keywords: [b]  # why
# the end
severity: {safety: [smoke]}
"""


@pytest.mark.parametrize("text", [SHIPPED, FLAT, SHIPPED.rstrip("\n")])
def test_every_line_stays_and_the_node_is_the_last(text: str) -> None:
    after = with_node(text, NODE)
    kept = iter(after.splitlines())
    assert all(line in kept for line in text.splitlines())
    nodes = read_taxonomy(after, "t.yaml").nodes
    assert nodes[:-1] == read_taxonomy(text, "t.yaml").nodes
    assert (nodes[-1].id, nodes[-1].keywords, nodes[-1].examples) == (
        "seat",
        ("heated seat*",),
        ("It's: cold",),
    )
    assert read_taxonomy(after, "t.yaml").severity == read_taxonomy(text, "t.yaml").severity
