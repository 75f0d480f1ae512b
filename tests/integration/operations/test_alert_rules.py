"""The alert rules as promtool sees them."""

import subprocess
from pathlib import Path

PROMETHEUS = Path(__file__).parents[3] / "deploy" / "prometheus"


def run(promtool: str, *words: str) -> None:
    done = subprocess.run(
        [promtool, *words], cwd=PROMETHEUS, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_is_one(promtool: str) -> None:
    run(promtool, "check", "config", "prometheus.yaml")


def test_each_alert_fires_when_it_must_and_only_then(promtool: str) -> None:
    run(promtool, "test", "rules", "alerts_test.yaml")
