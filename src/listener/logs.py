"""Logs: one line an event, ``key=value``; ids, never texts of people nor secrets."""

import logging
import traceback
from types import TracebackType

from listener.domain.errors import ListenerError
from listener.trail import TRAIL

NOISY = ("aiokafka", "faust", "mode", "kafka", "httpx", "asyncio", "uvicorn.access")
"""They build a record for every message: below WARNING they cost a third of a worker's speed."""

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | None
)


class LineFormatter(logging.Formatter):
    """One line an event, whatever is in it; below it, of an exception, where it came from.

    What an exception says is left out unless it is one of ours: a validation, for one, quotes the text that
    it validates. It stands in the dead letter, which is for fewer eyes.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the standard library's name
        """The line; a break in an id makes no second one."""
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802  # the standard library's name
        """The first cause first, as Python prints it, without the words."""
        chain: list[BaseException] = []
        error = ei[1] if ei else None
        while error is not None and error not in chain:
            chain.append(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(_told(error) for error in reversed(chain))


def configure_logs(level: int = logging.INFO, *, log_mentions: bool = False) -> None:
    """To standard error, for this whole process.

    Args:
        log_mentions: a line for each mention and stage; see `listener.trail`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler])
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)  # we tell ourselves what could not connect
    TRAIL.setLevel(logging.INFO if log_mentions else logging.WARNING)
    if level >= logging.INFO:
        logging.disable(logging.DEBUG)


def _told(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    words = f": {error}" if isinstance(error, ListenerError) else ""
    return f"{frames}{type(error).__module__}.{type(error).__qualname__}{words}"
