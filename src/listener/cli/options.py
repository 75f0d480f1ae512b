"""Options that many commands share."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from listener.models.in_use import ModelsInUse
from listener.settings import load_settings


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--config`` and ``--data-dir`` and calls the command with ``settings``."""

    @click.option(
        "--config",
        "config_file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Configuration file [default: listener.yaml, or LISTENER_CONFIG].",
    )
    @click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Data directory of `listener up` [default: .listener, or LISTENER_DATA_DIR].",
    )
    @functools.wraps(command)
    def with_settings(*args: Any, config_file: Path | None, data_dir: Path | None, **kwargs: Any) -> Any:
        return command(*args, settings=load_settings(config_file, data_dir), **kwargs)

    return with_settings


def health_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--health-host`` and ``--health-port`` of a service."""
    command = click.option(
        "--health-host",
        default="127.0.0.1",
        show_default=True,
        help="Address of the health page; 0.0.0.0 in a container. Keep it from the public.",
    )(command)
    return click.option(
        "--health-port",
        type=click.IntRange(1, 65535),
        help="Serve /livez, /readyz and /metrics here.",
    )(command)


def models_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--models`` and calls the command with ``models``: those in use there, None for rules alone."""

    @click.option(
        "--models",
        "models_directory",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="What `listener train --out` wrote [default: rules alone].",
    )
    @functools.wraps(command)
    def with_models(*args: Any, models_directory: Path | None, **kwargs: Any) -> Any:
        models = None if models_directory is None else ModelsInUse(models_directory)
        return command(*args, models=models, **kwargs)

    return with_models
