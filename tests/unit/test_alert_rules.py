"""The alert rules, their tests and their page speak of the same things as the program."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import listener.metrics

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
TESTS = ROOT / "deploy" / "prometheus" / "alerts_test.yaml"
PAGE = ROOT / "docs" / "alerts.md"


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from group["rules"]


ALERTS = [rule for rule in rules() if "alert" in rule]


def series() -> set[str]:
    """Every name under which a metric of this program can be asked for."""
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["", "_bucket", "_sum", "_count"]}
    assert listener.metrics  # which registers them
    return {
        family.name + suffix
        for family in REGISTRY.collect()
        if family.name.startswith("listener_")
        for suffix in suffixes[family.type]
    }


def test_rules_ask_for_metrics_that_exist() -> None:
    asked = {name for rule in rules() for name in re.findall(r"\blistener_[a-z_]+", rule["expr"])}
    assert len(asked) > 10
    assert asked <= series()


def test_the_page_tells_of_every_metric_and_of_no_other() -> None:
    table = PAGE.read_text().split("## Metrics")[1].split("\n\nStages")[0]
    told = set(re.findall(r"`(listener_[a-z_]+)`", table))
    bases = {name for name in series() if not re.search(r"_(bucket|sum|count)$", name)}
    assert told == bases


@pytest.mark.parametrize("alert", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_an_alert_says_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook"}
    assert alert["annotations"]["runbook"] == f"docs/alerts.md#{alert['alert'].lower()}"
    assert f"### {alert['alert']}\n" in PAGE.read_text()
    assert alert["alert"] in TESTS.read_text(), "it has no test"


def test_the_page_tells_of_no_alert_that_is_not() -> None:
    assert re.findall(r"^### (\w+)$", PAGE.read_text(), re.MULTILINE) == [rule["alert"] for rule in ALERTS]
