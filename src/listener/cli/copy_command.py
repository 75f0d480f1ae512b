"""`listener copy`: takes over what another installation heard."""

import functools
import os
from pathlib import Path

import click

from listener.bootstrap import publisher
from listener.cli.options import settings_options
from listener.copying import copy_topics
from listener.domain.errors import UsageError
from listener.kafka.consume import read_whole
from listener.kafka.erasures import read_erasures
from listener.settings import Settings, load_settings


@click.command("copy")
@click.option(
    "--from-config",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Configuration file of the other installation; it names its Kafka.",
)
@click.option(
    "--from-data-dir",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Data directory of the other installation, where `listener up` runs it.",
)
@settings_options
def command(from_config: Path | None, from_data_dir: Path | None, settings: Settings) -> None:
    """Takes over what another installation heard: mentions, answers, customers, links, cursors and the like.

    For another number of partitions, or another cluster. Start the stream workers of this installation
    afterwards: they make histories and cases anew. The other installation is only read and may go on; then
    stop its connectors and copy again. Whatever is there already changes nothing.

    \b
    Example:
      listener copy --from-config old/listener.yaml
    """
    if from_config is None and from_data_dir is None:
        raise UsageError("say which installation: --from-config or --from-data-dir")
    # The address in the environment is ours; the other's is in its file or directory.
    environment = {name: value for name, value in os.environ.items() if name != "KAFKA_BOOTSTRAP_SERVERS"}
    other = load_settings(from_config, from_data_dir, environment).kafka
    if other.bootstrap_servers == settings.kafka.bootstrap_servers:
        raise UsageError(f"both installations are at {other.bootstrap_servers}")
    read_erasures(other, settings.erasure_key)  # who was erased there would come back under another key
    with publisher(settings, "listener-copy") as outlet:
        copy_topics(
            functools.partial(read_whole, other),
            outlet,
            lambda topic, count: click.echo(f"{count:>10,}  {topic}", err=True),
        )
