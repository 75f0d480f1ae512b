"""Labelled texts of our own writing, as many as wanted, to train small models on."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from listener.domain.mention import Mention
from listener.models.tasks import TASKS
from listener.training.examples import Examples

_BAD = (
    "never arrived",
    "is broken again",
    "was charged twice",
    "still does not work",
    "is late, nobody answers",
)
_GOOD = ("is lovely", "arrived early, thank you", "works like a charm", "made my day", "looks great on me")
_THINGS = (
    "My parcel",
    "The app",
    "Your kettle",
    "This order",
    "The new shirt",
    "My card",
    "Your site",
    "The lamp",
)
_ASIDE = ("", " @shop", " today", " https://example.org/1", " !!", " in Leeds", " for once", " honestly")

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def complaints(count: int = 200) -> Examples:
    """Half complaints, half praise."""
    texts, truth = [], []
    for number in range(count):
        ends = _BAD if number % 2 else _GOOD
        thing, aside = _THINGS[number // 2 % len(_THINGS)], _ASIDE[number // 7 % len(_ASIDE)]
        texts.append(f"{thing} {ends[number // 3 % len(ends)]}{aside}")
        truth.append(number % 2)
    same: dict[str, int] = {}
    return Examples(
        task=TASKS["complaint"],
        labels=TASKS["complaint"].labels,
        texts=tuple(texts),
        truth=np.array(truth),
        groups=np.array([same.setdefault(text.lower(), len(same)) for text in texts]),
        about={"channel": tuple("social" if number % 3 else "email" for number in range(count))},
        data={
            "file": "ours.csv",
            "sha256": "0" * 64,
            "text": "text",
            "label": "label",
            "rows": count,
            "left_out": 0,
            "different_texts": len(same),
            "labels": {"other": count // 2, "complaint": count // 2},
        },
    )


def mention(text: str, **fields: Any) -> Mention:
    """Somebody's words."""
    given = {
        "mention_id": "text:1",
        "source": "text",
        "source_kind": "text",
        "native_id": "1",
        "author": "text:a",
        "channel": "social",
        "visibility": "public",
        "text": text,
        "occurred_at": _AT,
        "received_at": _AT,
    }
    return Mention.model_validate(given | fields)
