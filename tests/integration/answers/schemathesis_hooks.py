"""What schemathesis needs to speak to the endpoint: it signs what it sends."""

import re
import uuid
from typing import Any

import requests
import schemathesis

from fakes.desk import KEY, signed

YEAR = re.compile(r"\d{4}(?=-)")


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """What no schema can say: an answer lies in the past, in the years that can be stored."""
    if isinstance(body, dict) and isinstance(body.get("occurred_at"), str):
        return body | {"occurred_at": YEAR.sub("2024", body["occurred_at"], count=1)}
    return body


@schemathesis.auth()
class Signature:
    """Signs the bytes that will be sent, each request under an id of its own."""

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:
        """Whose key."""
        return KEY

    def set(self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext) -> None:
        """Adds the three headers."""
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://endpoint.test")).prepare()
        body = sent.body or b""
        raw = body.encode() if isinstance(body, str) else body
        assert isinstance(raw, bytes)
        made = signed(raw, webhook_id=uuid.uuid4().hex, key=data)
        del made["content-type"]
        case.headers.update(made)
