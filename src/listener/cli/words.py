"""Words on the command line that go into records."""

import click


class Words(click.ParamType):
    """Text that a record can hold, so that it is refused before anything is done.

    Args:
        longest: in characters.
        empty: whether it may be left empty.
    """

    name = "text"

    def __init__(self, longest: int, *, empty: bool = False) -> None:
        self.longest = longest
        self.empty = empty

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is."""
        try:
            value.encode()
        except UnicodeEncodeError:  # Python keeps other bytes of an argument as lone surrogates
            self.fail("it is not UTF-8", param, ctx)
        if not self.empty and not value.strip():
            self.fail("it is empty", param, ctx)
        if len(value) > self.longest:
            self.fail(f"it has {len(value)} characters; at most {self.longest} are kept", param, ctx)
        return value
