"""The short form of the fault campaign: the product passes it, careless workers and connectors do not."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, get_args

import pytest

from listener.chaos.accounting import Fate
from listener.chaos.campaign import Outcome, Result, run_campaign, run_undisturbed
from listener.chaos.inputs import make_inputs
from listener.chaos.means import find_means
from listener.chaos.schedule import Fault, Schedule

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

CARELESS_WORKER = Path(__file__).with_name("careless_worker.py")
CARELESS_CONNECTORS = Path(__file__).with_name("careless_connectors.py")
SHORT = Schedule(
    seed=20260101,
    mentions=800,
    minutes=0.5,
    faults=(
        Fault(kind="pause-between", at_seconds=4, target=1, lasts_seconds=8),
        Fault(kind="kill-connector", at_seconds=6),
        Fault(kind="fill-clickhouse-disk", at_seconds=8, lasts_seconds=5),
        Fault(kind="cut-platforms", at_seconds=10, lasts_seconds=4),
        Fault(kind="kill-enriching", at_seconds=12, target=1),
        Fault(kind="kill-broker", at_seconds=14),
        Fault(kind="cut-kafka", at_seconds=20, lasts_seconds=5),
        Fault(kind="kill-worker", at_seconds=25, target=2),
        Fault(kind="kill-publisher", at_seconds=26),
        Fault(kind="kill-connector", at_seconds=27),
    ),
)
CARELESS_SCHEDULE = Schedule(
    seed=SHORT.seed,
    mentions=SHORT.mentions,
    minutes=0.25,
    faults=(
        Fault(kind="kill-connector", at_seconds=3.5),
        Fault(kind="kill-worker", at_seconds=6, target=1),
        Fault(kind="kill-worker", at_seconds=6, target=2),
        Fault(kind="kill-connector", at_seconds=8.5),
        Fault(kind="kill-worker", at_seconds=13, target=1),
        Fault(kind="kill-worker", at_seconds=13, target=2),
        Fault(kind="kill-connector", at_seconds=13),
    ),
)


@pytest.fixture(scope="module")
def undisturbed(kafka_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """What the inputs of both campaigns come to without faults."""
    inputs = make_inputs(SHORT.seed, SHORT.mentions)
    return run_undisturbed(SHORT, inputs, tmp_path_factory.mktemp("undisturbed") / "run", tell=print)


def told(outcome: Outcome) -> str:
    findings = [finding.text for finding in (*outcome.account.lost, *outcome.account.doubled)]
    return "\n".join([*findings, *outcome.differences, *map(str, outcome.not_done)][:50])


def test_nothing_is_lost_and_nothing_is_doubled(
    undisturbed: Result, tmp_path: Path, server_missing: Callable[[str], NoReturn]
) -> None:
    lacking = find_means().lacking(fault.kind for fault in SHORT.faults)
    if lacking and os.environ.get("CI"):
        server_missing(str(lacking))
    faults = tuple(fault for fault in SHORT.faults if fault.kind not in lacking)
    schedule = SHORT.model_copy(update={"faults": faults})
    outcome = run_campaign(schedule, tmp_path, tell=print, undisturbed=undisturbed)
    assert outcome.clean, told(outcome)
    assert {line.fault for line in outcome.lines} == {fault.kind for fault in faults}
    assert all(line.recovery_seconds is not None for line in outcome.lines), outcome.lines
    assert all(count > 0 for count in outcome.account.fates.values())
    assert set(outcome.account.fates) == set(get_args(Fate))


def test_what_is_acknowledged_or_noted_before_it_is_safe_is_found_out(
    undisturbed: Result, tmp_path: Path
) -> None:
    def workers(name: int | str, data_dir: Path, health_port: int) -> list[str]:
        return [sys.executable, str(CARELESS_WORKER), "--worker", str(name), str(data_dir), str(health_port)]

    def connectors(data_dir: Path, health_port: int) -> list[str]:
        words = ["connect", "--health-port", str(health_port), "--data-dir", str(data_dir)]
        return [sys.executable, str(CARELESS_CONNECTORS), *words]

    outcome = run_campaign(
        CARELESS_SCHEDULE,
        tmp_path,
        tell=print,
        worker_argv=workers,
        connector_argv=connectors,
        undisturbed=undisturbed,
    )
    assert not outcome.clean
    lost = [finding.text for finding in outcome.account.lost]
    assert sum(line.lost for line in outcome.lines) == len(lost)
    by_connectors = [text for text in lost if "was shown" in text]
    by_workers = [text for text in lost if "not stored" in text or "cannot be processed" in text]
    assert by_connectors
    assert by_workers
    assert len(by_connectors) + len(by_workers) == len(lost)
