"""A stream worker that acknowledges records before what follows from them is flushed: the campaign must notice."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import stream.app
from listener.bootstrap_stages import run_stream_worker
from listener.logs import configure_logs
from listener.settings import load_settings
from stream.reliability import end_process
from stream.worker import Folded, StageWorker

LATE_SECONDS = 4.0


class CarelessWorker(StageWorker[Any]):
    """Says at once that a batch is done, and does it a little later."""

    _promised: asyncio.Queue[Folded] | None = None

    async def flush(self, batch: Folded) -> None:
        if self._promised is None:
            self._promised = asyncio.Queue()
            self._work = asyncio.create_task(self._keep_promises(self._promised))
        self._promised.put_nowait(batch)

    async def _keep_promises(self, promised: asyncio.Queue[Folded]) -> None:
        while True:
            batch = await promised.get()
            await asyncio.sleep(LATE_SECONDS)
            while True:
                try:
                    await super().flush(batch)
                except Exception as error:  # noqa: BLE001  # as the true one's driver
                    end_process(repr(error))
                if promised.empty():
                    break
                batch = promised.get_nowait()


def main() -> None:
    """Arguments: ``--worker``, name, data directory, health port."""
    configure_logs()
    vars(stream.app)[StageWorker.__name__] = CarelessWorker
    run_stream_worker(load_settings(None, Path(sys.argv[3])), sys.argv[2], int(sys.argv[4]))


if __name__ == "__main__":
    main()
