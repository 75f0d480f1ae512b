"""Every report by name."""

from collections.abc import Callable

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.root_causes import root_causes

REPORTS: dict[str, Callable[[Client, Window], Answer]] = {
    "root-causes": root_causes,
}
"""Name on the command line to what answers it."""
