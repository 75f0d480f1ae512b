"""Every report by name."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window

REPORTS: dict[str, str] = {
    "root-causes": "what makes customers contact the company, by distinct parties",
    "loudness": "one bullhorn or many customers: people beside noise, for each cause",
    "channels": "time to answer and to resolution by channel; public against private",
    "what-we-teach": "by which channel customers come back who were answered; the work it brings",
    "black-holes": "contacts that nobody answered, by where they came in",
    "deadlines": "met, breached and running out; the company's own and regulators'",
    "escalations": "how far people had to go; private attempts before going public",
    "fairness": "answers within a day against reach, verification and segment",
    "executives": "what reaches the executives, by cause, and their hours",
    "goodwill": "what was given, by cause, in public and in private",
    "fixes": "whether declared fixes reduced their cause",
    "outcomes": "CSAT, repeat purchase and churn of answered and unanswered customers",
}
"""Name on the command line to what it answers, in the words of the help; each is the function of the module of
that name, which is imported when it is wanted: some of the statistics take a second to import."""


def report(name: str, **more: Any) -> Callable[[Client, Window], Answer]:
    """What answers the question of this name.

    Args:
        more: what only this report takes, such as root-causes the `mistakes` of a model.

    Raises:
        KeyError: there is no such report.
    """
    if name not in REPORTS:
        raise KeyError(name)
    function = name.replace("-", "_")
    found: Callable[..., Answer] = getattr(importlib.import_module(f"listener.reports.{function}"), function)
    return partial(found, **more) if more else found
