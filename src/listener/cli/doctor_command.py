"""``listener doctor``: is everything there, is it well, is anything waiting."""

import sys
import time
from collections.abc import Mapping, Sequence

import click

from listener.bootstrap import consumer_groups, topic_plans
from listener.cli.options import settings_options
from listener.connectors.holds import read_standing
from listener.domain.errors import ListenerError, NotReady
from listener.health import Finding, Lag, check_clickhouse, check_disk, check_topics, lags
from listener.kafka.admin import TopicAdmin
from listener.settings import Settings, SourceConfig

POLL_SECONDS = 0.5
STEADY_POLLS = 3
"""Idle is what stays so: a record on its way between two stages is in no group's lag for a moment."""


@click.command()
@click.option(
    "--wait-ready", type=click.FloatRange(0), metavar="S", help="Wait up to S seconds until all is well."
)
@click.option(
    "--wait-idle",
    type=click.FloatRange(0),
    metavar="S",
    help="Then wait up to S seconds until nothing is left.",
)
@settings_options
def command(settings: Settings, wait_ready: float | None, wait_idle: float | None) -> None:
    """Check connections, topics, schema, disk and lag. Exit code 1 where something is not well.

    \b
    Example:
      listener doctor --wait-ready 60 --wait-idle 300
    """
    findings = _examine(settings)
    deadline = time.monotonic() + (wait_ready or 0)
    while wait_ready and not _well(findings) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        findings = _examine(settings)
    for finding in findings:
        click.echo(f"{'ok ' if finding.well else 'NOT'}  {finding.what}: {finding.text}")
    if not _well(findings):
        sys.exit(1)
    groups = consumer_groups(settings.config)
    with TopicAdmin(settings.kafka) as admin:
        waiting = _wait_idle(admin, groups, wait_idle) if wait_idle else lags(admin, groups)
    for lag in waiting:
        click.echo(f"     {lag.group}: {lag.records} records are waiting")
    if wait_idle and any(lag.records for lag in waiting):
        raise NotReady(f"still not idle after {wait_idle:.0f} s")


def _examine(settings: Settings) -> list[Finding]:
    try:
        findings = check_topics(settings.kafka, topic_plans(settings))
    except ListenerError as error:
        return [Finding("Kafka", False, str(error))]
    if findings[0].well:  # Kafka answers
        findings += _paused_sources(settings)
    try:
        findings.append(check_clickhouse(settings.clickhouse_url))
    except ListenerError as error:
        findings.append(Finding("ClickHouse", False, str(error)))
    findings += lawful_bases(settings.config.sources)
    if settings.data_dir.exists():
        findings.append(check_disk(str(settings.data_dir)))
    return findings


def lawful_bases(sources: Mapping[str, SourceConfig]) -> list[Finding]:
    """On what the processing of each source is based, as the configuration says. Not to say is no fault."""
    return [
        Finding(
            f"source {name}",
            True,
            "no lawful basis is stated (lawful_basis)"
            if source.lawful_basis is None
            else f"lawful basis {source.lawful_basis.replace('_', ' ')}"
            + (f" to {source.consent}" if source.consent else "")
            + (f": {source.basis_note}" if source.basis_note else ""),
        )
        for name, source in sources.items()
    ]


def _paused_sources(settings: Settings) -> list[Finding]:
    try:
        standing = read_standing(settings.kafka)
    except ListenerError:
        return []  # the topic is missing, which was told
    return [
        Finding(f"source {alert.subject}", False, f"{alert.text} `listener resume` lets it go on.")
        for alert in standing.by_id.values()
    ]


def _well(findings: Sequence[Finding]) -> bool:
    """Dead letters are a matter for a person, not a reason to call the installation ill."""
    return all(finding.well for finding in findings if finding.what != "dead letters")


def _wait_idle(admin: TopicAdmin, groups: Mapping[str, Sequence[str]], seconds: float) -> list[Lag]:
    deadline = time.monotonic() + seconds
    steady, before = 0, None
    while True:
        found = lags(admin, groups)
        ends = [lag.ends for lag in found]
        idle = not any(lag.records for lag in found)
        steady = steady + 1 if idle and ends == before else 0
        if steady >= STEADY_POLLS or time.monotonic() >= deadline:
            return found
        before = ends
        time.sleep(POLL_SECONDS)
