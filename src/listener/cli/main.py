"""The program `listener`: finds the command's file, runs it, turns errors into messages and exit codes.

Exit codes: 0 done, 1 failed, 2 wrong use.
"""

import errno
import importlib
import os
import sys

import click

from listener.cli.extras import extra_of
from listener.domain.errors import ListenerError, UsageError

COMMANDS: dict[str, str] = {
    "up": "everything on one machine",
    "import": "publish a CSV or JSONL file of mentions",
    "customers": "customer records",
    "connect": "run connectors",
    "stream": "run a stream worker",
    "sink": "run a sink",
    "console": "serve the console, where people see and answer",
    "form": "serve the feedback form",
    "staff": "serve the form for what customers say in person or by letter",
    "answers": "serve the endpoint that takes answers",
    "desk-answers": "bring in what people answered at a helpdesk",
    "webhooks": "serve the endpoint where phone, chat, partners and helpdesks tell what was said",
    "simulate": "write a simulated company with its truth",
    "enrich": "enrich mentions: JSON lines in, JSON lines out",
    "match": "find the customers whom authors are: JSON lines in, JSON lines out",
    "policy": "check a policy, show those that ship with Listener",
    "triage": "try a policy on recorded mentions, without Kafka",
    "evaluate": "compare what was found with what is true",
    "watch": "tell of what is unusual in what is heard",
    "emerging": "find what customers complain of that no root cause explains",
    "spikes": "find unusual numbers in a series",
    "report": "answer an analyst's question",
    "explain": "tell the story of a case",
    "respond": "say what was answered",
    "case": "assign, join, part, close or reopen cases, mark a contact as failed",
    "reclassify": "say what a contact is about",
    "train": "train a model on labelled texts",
    "fix": "declare that a root cause is fixed",
    "resume": "let a source go on that pauses because of its dead letters",
    "link": "say who an author is",
    "rematch": "look once more who authors are that were heard before",
    "dead": "look at, replay or drop dead letters",
    "privacy": "give out or erase what is held about a person",
    "topics": "create and check topics",
    "rewind": "let a sink store again what is on the topics",
    "copy": "take over what another installation heard",
    "migrate": "create and update the tables in ClickHouse",
    "doctor": "check connections, lag and disk",
    "chaos": "disturb an installation of its own and account for every mention",
}
"""Each command is the `command` of the module ``listener.cli.<name>_command``."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"listener.cli.{cmd_name.replace('-', '_')}_command")
        found = module.command
        if not isinstance(found, click.Command):
            raise TypeError(f"{module.__name__}.command is not a command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="listener")
def listener() -> None:
    """Hears every channel in one stream, remembers every customer, finds the cause.

    \b
    Example:
      listener up --simulate
    """


def main() -> None:
    """Runs the command line; the entry point of the program."""
    try:
        listener.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except UsageError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except ListenerError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        if error.name is None or (extra := extra_of(error.name)) is None:
            raise
        click.echo(f"Error: this needs the package {error.name}: pip install 'listener[{extra}]'", err=True)
        sys.exit(2)
    except ValueError as error:
        if "KeyboardInterrupt" not in str(error):
            raise
        click.echo(
            "stopped", err=True
        )  # Ctrl-C while a value was written as JSON: pydantic wraps it in its own
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: nothing to tell, nobody to tell it to
        sys.exit(1)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        click.echo(f"Error: the output could not be written: {error.strerror}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left would fail again
        sys.exit(1)
