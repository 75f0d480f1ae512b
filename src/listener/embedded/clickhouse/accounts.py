"""Who may connect, and what the reader may run.

The engine enforces the reader's rights by itself: the session has the role `reader` alone, whose grants are
to select from and to show one database, and `readonly` is 2. What the engine does not enforce is refused
here, judged by the statement as the engine's own parser understands it, not by its text: statements that
leave the role (SET ROLE), several in one text, INTO OUTFILE, functions that reach the server's files
or its Python, and the tables that show what others are asking at the moment.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from listener.embedded.clickhouse.engine import READER, WRITER, EngineError, EngineSession

AUTHENTICATION_FAILED: Final = 516
ACCESS_DENIED: Final = 497
READONLY: Final = 164

WRITER_USER, READER_USER = "listener", "reader"


@dataclass(frozen=True)
class Accounts:
    """The two accounts: `listener` may do everything, `reader` only read."""

    writer_password: str = field(repr=False)
    reader_password: str = field(repr=False)

    def role_of(self, user: str, password: str) -> str:
        """The engine's role for a client.

        Raises:
            EngineError: no such user, or the password is wrong.
        """
        known = {WRITER_USER: (WRITER, self.writer_password), READER_USER: (READER, self.reader_password)}
        role, expected = known.get(user, ("", ""))
        right = hmac.compare_digest(password.encode(), expected.encode())
        if not role or not right:
            raise EngineError(
                AUTHENTICATION_FAILED,
                f"{user}: Authentication failed: password is incorrect, or there is no user with such name."
                " (AUTHENTICATION_FAILED)",
            )
        return role


def confine_to_reading(session: EngineSession) -> None:
    """Takes from a session every right but the reader's, for good."""
    session.query(f"SET ROLE {READER}")
    session.query("SET readonly = 2")


_READING = re.compile(r"[(\s]*(?:SELECT|WITH|SHOW|DESCRIBE|EXPLAIN|EXISTS)\b")
_CHOOSING = re.compile(r"USE\s|SET\s+\w+ = ")
# In the parser's own formatting: literals in single quotes, identifiers bare or in back-quotes.
_TOKEN = re.compile(
    r"'(?:[^'\\]|\\.)*'|`(?P<quoted>(?:[^`\\]|\\.)*)`|(?P<word>[A-Za-z_]\w*)|(?P<sign>[^\s\w])", re.DOTALL
)
# Scalar functions can be named without a call, as in arrayMap(file, ...) and APPLY file: so no identifier
# may have such a name at all.
_OUTSIDE = ("file", "eval", "python", "infile", "outfile")
# Every table of the database `system` can be read with any role. These show what others ask, values included.
_OF_OTHERS = (
    *("processes", "user_processes", "processlist", "stack_trace", "asynchronous_inserts", "query_cache"),
    *("query_log", "query_thread_log", "query_views_log", "query_metric_log", "text_log", "trace_log"),
)
_FORBIDDEN_NAMES = frozenset((*_OUTSIDE, *_OF_OTHERS))
_FORBIDDEN_SETTINGS = re.compile(r"param_|dialect$|.*polyglot|.*_eval_", re.IGNORECASE)


def check_reader_statement(session: EngineSession, sql: str) -> None:
    """Lets pass what the reader may run.

    Raises:
        EngineError: it may not, or this is no statement.
    """
    canonical = session.canonical(sql)
    reads = _READING.match(canonical) and session.only_reads(sql)
    if not reads and not _CHOOSING.match(canonical):
        raise EngineError(READONLY, "reader: Cannot execute query in readonly mode. (READONLY)")
    refuse_names(canonical)


def refuse_names(canonical: str) -> None:
    """Raises EngineError if a statement in canonical form names what the reader may not use."""
    previous = ""
    for token in _TOKEN.finditer(canonical):
        name = token["word"] or token["quoted"] or ""
        # A substituted identifier could name any function.
        substituted = previous == ":" and name == "Identifier"
        if substituted or name.lower() in _FORBIDDEN_NAMES or _FORBIDDEN_SETTINGS.match(name):
            raise EngineError(
                ACCESS_DENIED, f"{READER_USER}: Not enough privileges to use {name}. (ACCESS_DENIED)"
            )
        previous = token["sign"] or ""


def check_reader_settings(names: Iterable[str]) -> None:
    """Refuses settings that would change what a statement means after it has been judged."""
    for name in names:
        if _FORBIDDEN_SETTINGS.match(name):
            raise EngineError(READONLY, f"Cannot modify '{name}' setting in readonly mode. (READONLY)")
