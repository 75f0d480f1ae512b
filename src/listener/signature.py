"""Who sent a request: signatures as standardwebhooks.com has them, HMAC-SHA256 over id, time and body.

    webhook-id         the client's own id of the message, the same in every attempt
    webhook-timestamp  seconds since 1970, of this attempt
    webhook-signature  ``v1,`` and base64; several, separated by spaces, while a key is being changed

A key is ``whsec_`` and 24 to 64 random bytes in base64.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
MAX_ID = 256


class NotSigned(Exception):
    """Nobody whom we know has signed this, or not lately.

    Args:
        header: the header to look at.
        detail: what is wrong, for a person.
    """

    def __init__(self, header: str, detail: str) -> None:
        super().__init__(f"{header}: {detail}")
        self.header = header
        self.detail = detail


class Keyring:
    """The keys of all clients. Those of one client are all valid, so that a key can be changed without a gap.

    Args:
        keys: client to its keys, each one that `check_key` takes.
    """

    def __init__(self, keys: Mapping[str, Sequence[str]]) -> None:
        self._keys = [(client, Webhook(key)) for client, own in keys.items() for key in own]

    def client_of(self, headers: Mapping[str, str], body: bytes) -> str:
        """Whose key the signature was made with.

        Args:
            headers: lower case names.

        Raises:
            NotSigned: a header is missing, the time is more than five minutes from ours, or no key fits.
        """
        given = {name: headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE)}
        for name, value in given.items():
            if not value:
                raise NotSigned(name, "this header is missing; every request is to be signed")
        if len(given[ID]) > MAX_ID:
            raise NotSigned(ID, f"at most {MAX_ID} characters are taken")
        if not (given[TIMESTAMP].isascii() and given[TIMESTAMP].isdecimal()):
            raise NotSigned(TIMESTAMP, "whole seconds since 1970 are expected")
        for client, key in self._keys:
            try:
                key.verify(body, given, json_parse=False)
            except WebhookVerificationError as error:
                if "timestamp" in str(error) or "Headers" in str(error):
                    raise NotSigned(
                        TIMESTAMP,
                        "more than five minutes from our time; sign each attempt anew, and check the clock",
                    ) from None
            except ValueError:
                break  # a signature that is none, or a body that is not UTF-8: no key can fit
            else:
                return client
        raise NotSigned(
            SIGNATURE, "no key that we know fits; what is signed is id.timestamp.body, byte by byte"
        )


def check_key(key: str) -> None:
    """Looks at a key.

    Raises:
        ValueError: it is none; the message never shows it.
    """
    try:
        raw = base64.b64decode(key.removeprefix(PREFIX), validate=True) if key.startswith(PREFIX) else b""
    except binascii.Error:
        raw = b""
    if not MIN_KEY_BYTES <= len(raw) <= MAX_KEY_BYTES:
        raise ValueError(
            f"a key is {PREFIX} and {MIN_KEY_BYTES} to {MAX_KEY_BYTES} random bytes in base64; "
            f'one is made by: echo "{PREFIX}$(openssl rand -base64 32)"'
        )
