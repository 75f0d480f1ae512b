"""Times on the command line."""

from datetime import UTC, datetime

import click


class Moment(click.ParamType):
    """A date or a time in ISO 8601; UTC where no zone is given."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The time with its zone."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value}: a date or a time is expected, such as 2026-01-31 or 2026-01-31T12:00Z", param, ctx
            )
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
