"""The name of an author on the command line."""

import click

from listener.cli.words import Words


class _Author(Words):
    name = "author"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        kind, _, native_id = super().convert(value, param, ctx).partition(":")
        if not kind or not native_id:
            self.fail(f"{value}: an author is source-kind:native id, such as airline:jane_doe", param, ctx)
        return value


AUTHOR = _Author(300)
