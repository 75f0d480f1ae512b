"""Labelled texts from a CSV or JSON-lines file."""

from collections.abc import Mapping, Sequence
from hashlib import file_digest
from pathlib import Path

import numpy as np

from listener.connectors.file_rows import Row, RowFile
from listener.domain.errors import UsageError
from listener.models.tasks import Task
from listener.training.examples import Examples
from stream.enrichment.clean import clean
from stream.enrichment.reach_claims import apart_from_reach_claims

MOST_PROBLEMS = 5
"""Told at once."""


def read_examples(
    path: Path,
    task: Task,
    text: str,
    label: str,
    renamed: Mapping[str, str] | None = None,
    about: Sequence[str] = (),
    more: Sequence[tuple[str, str]] = (),
) -> Examples:
    """Reads and cleans them as the stream does.

    Rows without a text are left out, and so are those without a label, unless that means none of the labels.

    Args:
        path: as `RowFile` reads.
        text, label: columns.
        renamed: a label as it stands in the file, to what it means.
        about: columns kept beside, for figures by group.
        more: texts with their labels that are learnt from as well.

    Raises:
        UsageError: the file, a column or a label is wrong, with file and line; or only one label occurs.
    """
    renamed = {" ".join(old.split()): new for old, new in (renamed or {}).items()}
    texts: list[str] = []
    labels: list[str] = []
    beside: dict[str, list[str]] = {column: [] for column in about}
    problems: list[str] = []
    left_out = 0
    with RowFile(path) as rows:
        for row in rows:
            try:
                given, meant = _value(row, text), _value(row, label)
                kept = {column: _value(row, column) for column in about}
                cleaned = _cleaned(given)
                if not cleaned or (not meant.strip() and task.none is None):
                    left_out += 1
                    continue
                labels.append(task.label(renamed.get(" ".join(meant.split()), meant)))
            except UsageError as error:
                problems.append(f"{path}:{row.line}: {error}")
                if len(problems) == MOST_PROBLEMS:
                    break
                continue
            texts.append(cleaned)
            for column, value in kept.items():
                beside[column].append(value)
    if problems:
        raise UsageError("\n".join(problems))
    for given, meant in more:
        texts.append(_cleaned(given))
        labels.append(task.label(meant))
        for values in beside.values():
            values.append("")
    found = task.labels or tuple(sorted(set(labels)))
    if len(set(labels)) < 2:
        raise UsageError(f"{path}: {label}: two different labels are needed, and there is {len(set(labels))}")
    place = {one: number for number, one in enumerate(found)}
    same: dict[str, int] = {}
    counted = {one: labels.count(one) for one in found}
    with path.open("rb") as content:
        digest = file_digest(content, "sha256").hexdigest()
    return Examples(
        task=task,
        labels=found,
        texts=tuple(texts),
        truth=np.array([place[one] for one in labels], np.int64),
        groups=np.array([same.setdefault(one.lower(), len(same)) for one in texts], np.int64),
        about={column: tuple(values) for column, values in beside.items()},
        data={
            "file": path.name,
            "sha256": digest,
            "text": text,
            "label": label,
            "rows": len(texts),
            "left_out": left_out,
            "different_texts": len(same),
            "labels": counted,
        },
    )


def _cleaned(text: str) -> str:
    return apart_from_reach_claims(clean(text))[0].text


def _value(row: Row, column: str) -> str:
    if row.problem is not None:
        raise UsageError(row.problem.detail)
    if column not in row.values:
        raise UsageError(f"there is no column {column!r}: {', '.join(map(str, row.values))}")
    value = row.values[column]
    return "" if value is None else str(value)
