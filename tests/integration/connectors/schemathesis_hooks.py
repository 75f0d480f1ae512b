"""What schemathesis needs to speak to webhook sources: it signs what it sends, to a source that is there."""

import re
from typing import Any

import schemathesis

from openapi import Signature

YEAR = re.compile(r"\d{4}(?=-)")
TIMES = ("occurred_at", "edited_at", "deleted_at")

schemathesis.auth()(Signature)


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """What no schema can say: which sources are configured."""
    return {"source": "calls"} if path_parameters is not None else None


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Nor in which years a time can be stored."""
    if isinstance(body, list):
        return [map_body(context, each) for each in body]
    if not isinstance(body, dict):
        return body
    moved = {name: YEAR.sub("2024", body[name], count=1) for name in TIMES if isinstance(body.get(name), str)}
    return body | moved
