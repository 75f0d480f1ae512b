"""Records that no well-behaved source sends. Most cannot be processed; some can, and are only unusual."""

import base64
import json
import random
from collections.abc import Callable
from typing import Any

LARGE = 3_000_000
"""Characters; more than a mention may have, and less than a record may."""
HUGE = 10_000_000
"""Bytes of a body; more than a topic takes. The broker measures what is compressed."""
DEEP = 200_000

Make = Callable[[dict[str, Any]], tuple[bytes | None, bytes | None]]
"""From the fields of a good mention, which it may change, to key and value."""


def _changed(**fields: Any) -> Make:
    def make(mention: dict[str, Any]) -> tuple[bytes, bytes]:
        return _key(mention), json.dumps({**mention, **fields}).encode()

    return make


def _raw(change: Callable[[bytes], bytes | None]) -> Make:
    def make(mention: dict[str, Any]) -> tuple[bytes, bytes | None]:
        return _key(mention), change(json.dumps(mention).encode())

    return make


def _keyed(key: bytes | None) -> Make:
    def make(mention: dict[str, Any]) -> tuple[bytes | None, bytes]:
        return key, json.dumps(mention).encode()

    return make


def _incompressible(mention: dict[str, Any]) -> tuple[bytes, bytes]:
    noise = random.Random(str(mention["mention_id"])).randbytes(HUGE * 3 // 4)  # noqa: S311  # to be repeated
    return _key(mention), json.dumps({**mention, "text": base64.b64encode(noise).decode()}).encode()


def _and(more: bytes) -> Make:
    """With further fields at the end."""
    return _raw(lambda value: value[:-1] + b", " + more + b"}")


def _key(mention: dict[str, Any]) -> bytes:
    return str(mention["author"]).encode()


_MARKS = "".join(chr(mark) for mark in range(0x300, 0x36F))
_EMOJI = ("😡", "👩🏽‍🚒", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇬🇧", "❤️‍🔥", "#️⃣", "🫠")

POISON: dict[str, Make] = {
    "not UTF-8": _raw(lambda value: b"\xff\xfe" + value),
    "text not UTF-8": _raw(lambda value: value.replace(b'"text": "', b'"text": "\xc3\x28 \xf0\x9f ')),
    "cut off": _raw(lambda value: value[: len(value) // 2]),
    "nothing": _raw(lambda value: b""),
    "tombstone": _raw(lambda value: None),
    "nested objects": _raw(lambda value: b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "nested lists in a mention": _and(b'"more": ' + b"[" * DEEP + b"]" * DEEP),
    "nested lists that can be read": _and(b'"more": ' + b"[" * 190 + b"]" * 190),
    "a list without end": _and(b'"more": [' + b"0," * 1_000_000 + b"0]"),
    "lists of lists": _and(b'"more": [' + b"[[],[]]," * 300_000 + b"0]"),
    "fields without end": _and(b",".join(b'"more%d": 0' % number for number in range(100_000))),
    "the same field again": _and(b'"text": "twice", "text": "three times"'),
    "a number without end": _and(b'"rating": ' + b"1" * 1_000_000),
    "a list": _raw(lambda value: b"[" + value + b"]"),
    "too long": _changed(text="x" * LARGE),
    "10 MB": _changed(text="Where is my refund? " * (HUGE // 20)),
    "10 MB of noise": _incompressible,
    "very long": _changed(text="My baggage is lost. " * 45_000),
    "one long word": _changed(text="a" * 200_000),
    "emoji": _changed(text="😡" * 20_000),
    "emoji of many kinds": _changed(text="".join(_EMOJI) * 500),
    "many accents": _changed(text="late " + "\u0301" * 50_000),
    "zalgo": _changed(text="".join(letter + _MARKS for letter in "my baggage is lost " * 50)),
    "right to left": _changed(text="\u202e" * 1000 + "lost" + "\u202c" * 999),
    "only spaces": _changed(text=" \u00a0\u2003\u200b\t\n" * 5000),
    "byte order mark": _raw(lambda value: b"\xef\xbb\xbf" + value),
    "UTF-16": _raw(lambda value: value.decode().encode("utf-16")),
    "text is a number": _changed(text=17),
    "author is a list": _changed(author=["a", "b"]),
    "time is a number": _changed(occurred_at=1.5),
    "time without zone": _changed(occurred_at="2025-05-01T10:00:00"),
    "revision out of range": _changed(revision=10**400),
    "negative revision": _changed(revision=-1),
    "rating is infinite": _changed(rating=float("inf")),
    "more followers than there can be": _changed(reach={"followers": 10**30}),
    "lone surrogate": _changed(text="lost \ud83d baggage"),
    "NUL": _changed(text="lost\x00 baggage"),
    "from the end of time": _changed(occurred_at="9999-12-31T23:59:59.999Z"),
    "from the beginning of time": _changed(occurred_at="0001-01-01T00:00:00Z"),
    "future schema": _changed(schema_version=99),
    "unknown kind": _changed(kind="hologram"),
    "no key": _keyed(None),
    "key not UTF-8": _keyed(b"\xff\xfe"),
    "key of somebody else": _keyed(b"somebody:else"),
}
"""What is wrong, to how it is made."""
