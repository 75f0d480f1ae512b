"""What a statement asks of the server, beyond handing it to the engine."""

import re
from dataclasses import dataclass

_COMMENT = r"(?:--[^\n]*(?:\n|$)|/\*.*?\*/|\#[!\s][^\n]*(?:\n|$))"
_LEAD = re.compile(rf"(?:\s|\(|{_COMMENT})*([A-Za-z]+)", re.DOTALL)
_TRAIL = rf"(?:\s|;|{_COMMENT})*$"
_FORMAT = re.compile(rf"\bFORMAT\s+\w+{_TRAIL}", re.IGNORECASE | re.DOTALL)
_AWAITS_DATA = re.compile(rf"\b(?:VALUES|FORMAT\s+\w+){_TRAIL}", re.IGNORECASE | re.DOTALL)
_RETURNS_ROWS = frozenset(
    ("SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "KILL")
)

_NAME = r"(?:`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*)"
_QUALIFIED = rf"{_NAME}(?:\.{_NAME})*"
_IN_BRACKETS = r"(?:'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[^()'`])"
_ARGUMENTS = rf"(?:{_IN_BRACKETS}|\((?:{_IN_BRACKETS}|\({_IN_BRACKETS}*\))*\))*"
_INSERT = re.compile(
    rf"INSERT INTO (?P<target>{_QUALIFIED}|FUNCTION {_NAME}\({_ARGUMENTS}\))"
    rf"(?: \((?P<columns>{_ARGUMENTS})\))?"
    r"(?P<settings> SETTINGS .*?)?"
    r" FORMAT \S+",
    re.DOTALL,
)


def first_word(sql: str) -> str:
    """The keyword that a statement begins with, in capitals, after comments and brackets."""
    lead = _LEAD.match(sql)
    return lead[1].upper() if lead else ""


def returns_rows(sql: str) -> bool:
    """Whether a statement has a result even if that has no rows."""
    return first_word(sql) in _RETURNS_ROWS


def without_format(sql: str) -> str:
    """The statement without its FORMAT: over this protocol the client formats."""
    return _FORMAT.sub("", sql) if returns_rows(sql) else sql


def awaits_data(sql: str) -> bool:
    """Whether this is an INSERT whose rows the client sends after it."""
    return first_word(sql) == "INSERT" and _AWAITS_DATA.search(sql) is not None


@dataclass(frozen=True)
class Insert:
    """An INSERT without its data."""

    target: str
    """The table (or FUNCTION ...) as SQL."""
    columns: str | None
    """The list of columns as SQL, without its brackets; None if none is given."""
    settings: str
    """The SETTINGS clause with a space before it, or empty."""

    @property
    def column_names(self) -> list[str] | None:
        """The columns by name; None if they are given by an expression, such as `* EXCEPT x`."""
        parts = re.findall(rf"({_QUALIFIED})(?:, |$)", self.columns or "")
        if ", ".join(parts) != self.columns:
            return None
        return [_unquoted(part) for part in parts]

    def from_file(self, path: str) -> str:
        """The statement that inserts what is in a file in Native format."""
        columns = f" ({self.columns})" if self.columns is not None else ""
        return f"INSERT INTO {self.target}{columns} FROM INFILE '{path}'{self.settings} FORMAT Native"


def _unquoted(qualified: str) -> str:
    parts = re.findall(_NAME, qualified)
    return ".".join(re.sub(r"\\(.)", r"\1", part[1:-1]) if part[0] == "`" else part for part in parts)


def parse_insert(canonical: str) -> Insert | None:
    """Takes apart an INSERT in canonical form; None if its rows come from elsewhere than the client."""
    match = _INSERT.fullmatch(canonical)
    return Insert(match["target"], match["columns"], match["settings"] or "") if match else None
