"""``listener topics``: creates the topics that are missing and tells where the others differ."""

import sys

import click

from listener.bootstrap import topic_plans
from listener.cli.options import settings_options
from listener.domain.errors import UsageError
from listener.kafka.admin import TopicAdmin
from listener.settings import Settings


@click.command()
@click.option("--check", is_flag=True, help="Create and change nothing, only compare.")
@click.option(
    "--apply", is_flag=True, help="Also give topics that are there the settings of the configuration."
)
@settings_options
def command(settings: Settings, check: bool, apply: bool) -> None:
    """Create the topics that are missing; say where the others differ from the configuration.

    Compared are partitions, replicas, retention, clean-up, the largest record and the replicas that must have a
    record, also of the changelogs of the workers' tables. Exit code 1 where something differs.

    \b
    Example:
      listener topics --check
      listener topics --apply
    """
    if check and apply:
        raise UsageError("--check changes nothing, --apply does: give one of them")
    plans = topic_plans(settings)
    with TopicAdmin(settings.kafka) as admin:
        if not check:
            for name in admin.create(plans):
                click.echo(f"created {name}")
        if apply:
            for difference in admin.apply_settings(plans):
                click.echo(f"changed {difference.topic}: {difference.text.partition(';')[0]}")
        differences = admin.differences(plans)
    for difference in differences:
        click.echo(str(difference), err=True)
    if differences:
        sys.exit(1)
    click.echo(f"{len(plans)} topics are as configured", err=True)
