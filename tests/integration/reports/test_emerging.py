"""A matter that the taxonomy does not know is found, accepted, and known from then on."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from listener.cli.main import listener
from listener.training.judged import as_mentions
from stored_company import make_company, store_company
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import read_taxonomy

pytestmark = pytest.mark.clickhouse

UNKNOWN = "outage"
SHIPPED = files("stream.enrichment").joinpath("taxonomies", "default.yaml").read_text(encoding="utf-8")


def without(node: str) -> str:
    """The shipped taxonomy as text, without one of its nodes."""
    head, *nodes = SHIPPED.split("\n  - id: ")
    return "\n  - id: ".join([head, *(text for text in nodes if not text.startswith(f"{node}\n"))])


def test_it_is_found_accepted_and_known(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLICKHOUSE_URL", database)
    Path("listener.yaml").write_text("taxonomy: taxonomy.yaml\n")
    Path("taxonomy.yaml").write_text(without(UNKNOWN))
    world = make_company(tmp_path, customers=700, days=60, seed=5)
    store_company(
        database, tmp_path, world, truly=False, taxonomy=read_taxonomy(without(UNKNOWN), "taxonomy.yaml")
    )

    def emerging(*options: str) -> Result:
        return CliRunner().invoke(listener, ["emerging", "--since", "2025-11-01", *options])

    found = json.loads(emerging("--format", "json").stdout)
    truth = {one.mention_id: one.root_cause for one in world.mentions.values()}
    about = {
        matter["name"]: sum(truth[contact] == UNKNOWN for contact in matter["mention_ids"])
        for matter in found
    }
    name = max(about, key=lambda one: about[one])
    [matter] = [matter for matter in found if matter["name"] == name]
    assert about[name] > 0.7 * matter["mentions"]
    assert matter["parties"] >= 5

    named = ("--accept", name, "--node", "no-service", "--owner", "Network")
    done = emerging(*named)
    assert done.exit_code == 0, done.output
    assert "listener reclassify --history --since 2025-11-01" in done.stderr
    text = Path("taxonomy.yaml").read_text()
    kept = iter(text.splitlines())
    assert all(line in kept for line in without(UNKNOWN).splitlines())
    known = Enricher(read_taxonomy(text, "taxonomy.yaml")).enrich(list(as_mentions(matter["examples"])))
    assert any(one.root_causes and one.root_causes[0].node == "no-service" for one in known)
    twice = emerging(*named)
    assert twice.exit_code != 0
    assert Path("taxonomy.yaml").read_text() == text
