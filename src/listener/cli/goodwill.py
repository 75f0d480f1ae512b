"""A goodwill gesture on the command line: ``25 EUR: late parcel``."""

import re

import click
from pydantic import ValidationError

from listener.cli.words import Words
from listener.domain.contract import rejected
from listener.domain.response import Goodwill

_GIVEN = re.compile(r"(\d+(?:[.,]\d{1,2})?)\s*([A-Za-z]{3})(?:\s*:\s*(.*))?", re.ASCII | re.DOTALL)


class GoodwillWords(Words):
    """Amount, currency, and after a colon why."""

    name = "gift"

    def __init__(self) -> None:
        super().__init__(400)

    def convert(  # type: ignore[override]
        self, value: str | Goodwill, param: click.Parameter | None, ctx: click.Context | None
    ) -> Goodwill:
        """What was given."""
        if isinstance(value, Goodwill):
            return value
        found = _GIVEN.fullmatch(super().convert(value, param, ctx).strip())
        if found is None:
            self.fail(
                f"{value}: an amount and a currency are expected, such as '25 EUR: late parcel'", param, ctx
            )
        amount, currency, reason = found.groups(default="")
        try:
            return Goodwill(
                amount=float(amount.replace(",", ".")), currency=currency.upper(), reason=reason.strip()
            )
        except ValidationError as error:
            self.fail(rejected(error).detail, param, ctx)
