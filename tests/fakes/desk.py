"""A helpdesk that tells answers: it signs as standardwebhooks.com has it."""

import base64
import hmac
import json
import time
from typing import Any

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def signed(
    body: bytes, *, webhook_id: str = "msg-1", key: str = KEY, at: float | None = None
) -> dict[str, str]:
    """The headers of a signed request.

    Args:
        at: seconds since 1970; now where None.
    """
    seconds = int(time.time() if at is None else at)
    content = f"{webhook_id}.{seconds}.".encode() + body
    signature = hmac.digest(base64.b64decode(key.removeprefix("whsec_")), content, "sha256")
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def answer(**fields: Any) -> bytes:
    """A body that is taken, with some fields changed; None leaves one out."""
    whole = {
        "contact": "x:1",
        "author": "x:ann",
        "kind": "answered",
        "channel": "phone",
        "by": "K. Agent",
    }
    return json.dumps({k: v for k, v in (whole | fields).items() if v is not None}).encode()
