"""Values of topics with anything wrong in them: a JSON object, changed in up to three places."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.sampled_from([2**53, 2**53 - 1, 2**63 - 1, 2**63, 2**64, 10**30, -(2**63) - 1]),
    st.floats(),
    st.sampled_from([0.0, 1.0, -0.0, 1e400, 1e-400, 12345678901234567890.0]),
    st.text(max_size=8),
    st.sampled_from(
        ["", "x" * 301, "EUR\n", "\ud800", "\x00", "inbound", "outbound", "enriched", "deleted", "é" * 300]
    ),
    st.sampled_from(
        [
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00.1234567Z",
            "2024-01-01t00:00:00z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00+00:00",
            "2024-01-01T02:00:00.5+02:00",
            "2024-01-01T00:00:00",
            "2024-01-01T24:00:00Z",
            "2024-12-31T23:59:60Z",
            "2024-02-30T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "1899-12-31T23:59:59.999Z",
            "1900-01-01T00:00:00.000Z",
            "2199-12-31T23:59:59.999Z",
            "2200-01-01T00:00:00.000Z",
            "1704067200",
            "20240101T000000Z",
        ]
    ),
    st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers(0, 3)), max_size=3),
    st.dictionaries(st.text(max_size=3), st.one_of(st.text(max_size=3), st.booleans()), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        found += places(part, (*path, name))
    return found


@st.composite
def changed(draw: st.DrawFn, original: dict[str, Any]) -> bytes:
    """A JSON object with up to three changes anywhere in it."""
    value = deepcopy(original)
    for _ in range(draw(st.integers(0, 3))):
        *way, last = draw(st.sampled_from(places(value)))
        target = value
        for step in way:
            target = target[step]
        match draw(st.sampled_from(["replace", "remove", "add", "double"])):
            case "replace":
                target[last] = draw(JUNK)
            case "remove":
                del target[last]
            case "add" if isinstance(target, dict):
                target[draw(st.sampled_from(["new", "kind", "schema_version", "goodwill", "answers"]))] = (
                    draw(JUNK)
                )
            case _:
                if isinstance(target, list):
                    target.append(target[last])
        if not places(value):
            break
    return json.dumps(value, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")
