"""How the story of a case is told in words, on the command line as in the console. Pure."""

from datetime import timedelta

from listener.domain.response import Goodwill, ResponseKind

DID: dict[ResponseKind, str] = {
    "acknowledged": "acknowledged it, which answers nothing",
    "answered": "answered",
    "resolved": "resolved it",
    "declined": "declined",
}
MATCHED = {
    "confirmed": "a person confirmed it",
    "handle": "by a verified account on file",
    "email": "by e-mail address",
    "phone": "by telephone number",
    "reference": "by a number of an order or a contract",
    "weighed": "by several signs weighed together",
}
"""What a match rests on."""


def gift(given: Goodwill) -> str:
    """What was given."""
    return f"{given.amount:g} {given.currency}" + (f": {given.reason}" if given.reason else "")


def span(time: timedelta) -> str:
    """A time, as exact as one cares to know it."""
    minutes = max(0, round(time.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{round(minutes / 60)} h" if minutes < 72 * 60 else f"{round(minutes / (24 * 60))} days"
