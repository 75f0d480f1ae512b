"""Wires the console's pages of analysis to the reports of the command line."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from clickhouse_driver import Client
from clickhouse_driver.errors import SocketTimeoutError

from listener.clickhouse.pool import ClientPool
from listener.console.charts import CurveOf, Week
from listener.console.figures import Figures
from listener.console.period import Period
from listener.domain.errors import ServiceError
from listener.domain.governance import ConfigInForce
from listener.domain.mention import Channel
from listener.reports.answer import EARLIEST, LATEST, Window
from listener.reports.heard import heard
from listener.reports.mistakes import Mistakes
from listener.reports.reports import report
from listener.reports.weeks import cause_weeks

NAMES_SECONDS = 60.0
"""So long the names of root causes are kept: a taxonomy changes when workers start anew."""
T = TypeVar("T")


class StoredReports:
    """What the pages of analysis read. Threads may share it.

    Args:
        pool: of an account that only reads.
        config: what is in force, by name.
        mistakes: of the models in use, where they are known.
        handling_minutes: a person's time for a contact, by channel.
    """

    def __init__(
        self,
        pool: ClientPool,
        config: Callable[[], Mapping[str, ConfigInForce]],
        mistakes: Callable[[], Mistakes | None],
        handling_minutes: Mapping[Channel, float],
    ) -> None:
        self._pool = pool
        self._config = config
        self._mistakes = mistakes
        self._handling_minutes = handling_minutes
        self._names: Mapping[str, str] = {}
        self._named_at = -NAMES_SECONDS
        self._lock = Lock()

    def heard(self) -> tuple[datetime, datetime] | None:
        """When the first and the last contact was said."""
        return self._ask(heard)

    def answer(self, name: str, period: Period) -> Figures:
        """The report of this name."""
        with _named_extra():
            asked = report(name, **self._known(name))
            return self._ask(lambda client: asked(client, window_of(period)))

    def weeks(self, period: Period) -> list[Week]:
        """Root causes week by week."""
        found = self._ask(lambda client: cause_weeks(client, window_of(period)))
        return [Week(one.cause, one.begins, one.parties) for one in found]

    def curves(self, period: Period) -> list[CurveOf]:
        """How many have an answer after how long, by channel."""
        with _named_extra():
            from listener.reports.curves import answer_curves

            return list(self._ask(lambda client: answer_curves(client, window_of(period))))

    def cause_names(self) -> Mapping[str, str]:
        """Root cause to what people call it, as the taxonomy in force says; none where Kafka does not answer."""
        with self._lock:
            if time.monotonic() - self._named_at >= NAMES_SECONDS:
                self._named_at = time.monotonic()
                try:
                    taxonomy = self._config().get("taxonomy")
                except ServiceError:
                    return self._names
                nodes = taxonomy.content.get("nodes", ()) if taxonomy else ()
                self._names = {str(node["id"]): str(node["name"]) for node in nodes}
            return self._names

    def _known(self, name: str) -> dict[str, Any]:
        if name == "what-we-teach":
            return {"handling_minutes": self._handling_minutes}
        found = self._mistakes() if name == "root-causes" else None
        return {} if found is None else {"mistakes": found}

    def _ask(self, ask: Callable[[Client], T]) -> T:
        try:
            with self._pool.client() as client:
                return ask(client)
        except ServiceError as error:
            if isinstance(error.__cause__, TimeoutError | SocketTimeoutError):
                raise ServiceError(
                    f"{error} A report that takes so long has too much to look at: choose fewer days, or look "
                    "whether the server is busy."
                ) from error
            raise


def window_of(period: Period) -> Window:
    """The same time as the reports take it."""
    return Window(max(period.since, EARLIEST), min(period.until, LATEST))


@contextmanager
def _named_extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ServiceError(
            f"The reports need {error.name}, which is not installed: pip install 'listener[analysis]'"
        ) from error
