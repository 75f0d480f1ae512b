"""A stream worker that acknowledges records before what follows from them is flushed: the campaign must notice."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import stream.app
from listener.bootstrap_stages import run_stream_worker
from listener.logs import configure_logs
from listener.settings import load_settings
from stream.reliability import end_process
from stream.worker import StageWorker

LATE_SECONDS = 4.0


class CarelessWorker(StageWorker[Any]):
    """Says at once that a batch is done, and does it a little later."""

    _promised: asyncio.Queue[Sequence[Any]] | None = None

    async def process(self, events: Sequence[Any]) -> None:
        if self._promised is None:
            self._promised = asyncio.Queue()
            self._work = asyncio.create_task(self._keep_promises(self._promised))
        self._promised.put_nowait(events)

    async def _keep_promises(self, promised: asyncio.Queue[Sequence[Any]]) -> None:
        while True:
            events = list(await promised.get())
            await asyncio.sleep(LATE_SECONDS)
            while not promised.empty():
                events.extend(promised.get_nowait())
            try:
                await super().process(events)
            except Exception as error:  # noqa: BLE001  # as the true one's driver
                end_process(repr(error))


def main() -> None:
    """Arguments: ``--worker``, name, data directory, health port."""
    configure_logs()
    vars(stream.app)[StageWorker.__name__] = CarelessWorker
    run_stream_worker(load_settings(None, Path(sys.argv[3])), sys.argv[2], int(sys.argv[4]))


if __name__ == "__main__":
    main()
