"""Tells Listener what the company answered, and again until it is taken: docs/answers.md.

    ANSWERS_KEY=whsec_... python examples/tell_answer.py http://127.0.0.1:8091 ticket-4711-1 '{"case_id": ...}'

The second word is the helpdesk's own id of the answer: told again under it, it is done once.
"""

import base64
import hashlib
import hmac
import os
import sys
import time
import urllib.error
import urllib.request

ATTEMPTS = 10


def sign(key: str, webhook_id: str, at: int, body: bytes) -> str:
    """The header ``webhook-signature``, as standardwebhooks.com has it."""
    secret = base64.b64decode(key.removeprefix("whsec_"))
    made = hmac.digest(secret, f"{webhook_id}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(made).decode()}"


def tell(url: str, key: str, webhook_id: str, body: bytes) -> tuple[int, str]:
    """Status and content of the reply; each attempt is signed anew."""
    status, told, wait = 0, "", 1
    for _ in range(ATTEMPTS):
        at = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(key, webhook_id, at, body),
        }
        request = urllib.request.Request(f"{url}/responses", body, headers)  # noqa: S310  # the address is ours
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            status, told = error.code, error.read().decode()
            if status < 500 and status != 408:
                return status, told  # a repeat would be answered alike
            wait = int(error.headers.get("retry-after", wait))
        except OSError as error:
            status, told = 0, f"no reply: {error}"  # it may be stored, or not
        time.sleep(wait)
        wait = min(2 * wait, 60)
    return status, told


if __name__ == "__main__":
    status, told = tell(sys.argv[1].rstrip("/"), os.environ["ANSWERS_KEY"], sys.argv[2], sys.argv[3].encode())
    print(told)
    sys.exit(0 if status == 202 else f"{status}: not taken")
