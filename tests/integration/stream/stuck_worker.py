"""The counting worker, whose consumer falls silent once it has processed something: alive, and reading nothing."""

import asyncio
import runpy
from pathlib import Path

from stream.fetching import FetchConsumer, FetchTransport


class SilentConsumer(FetchConsumer):
    """Reads until something was processed, then no more."""

    async def _fetch(self) -> None:
        if self.processed:
            await asyncio.sleep(3600)
        await super()._fetch()


if __name__ == "__main__":
    FetchTransport.Consumer = SilentConsumer
    runpy.run_path(str(Path(__file__).with_name("counting_worker.py")), run_name="__main__")
