"""What schemathesis needs to speak to the endpoint: it signs what it sends."""

import re
from typing import Any

import schemathesis

from openapi import Signature

YEAR = re.compile(r"\d{4}(?=-)")


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """What no schema can say: an answer lies in the past, in the years that can be stored."""
    if isinstance(body, dict) and isinstance(body.get("occurred_at"), str):
        return body | {"occurred_at": YEAR.sub("2024", body["occurred_at"], count=1)}
    return body


schemathesis.auth()(Signature)
