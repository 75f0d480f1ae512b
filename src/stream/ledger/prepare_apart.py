"""What the ledger prepares, with the enrichment made by another process."""

from collections.abc import Sequence

from stream.enriching_process import EnrichingProcess
from stream.ledger.ledger import AsWritten, Ledger, LedgerValue


class PrepareApart:
    """Does what `Ledger.prepare` does; the process starts and stops with it.

    Args:
        ledger: whose values they are.
        process: enriches.
    """

    def __init__(self, ledger: Ledger, process: EnrichingProcess) -> None:
        self._ledger = ledger
        self._process = process

    async def start(self) -> None:
        """As `EnrichingProcess.start`."""
        await self._process.start()

    async def stop(self) -> None:
        """As `EnrichingProcess.stop`."""
        await self._process.stop()

    async def __call__(self, values: Sequence[LedgerValue]) -> list[LedgerValue]:
        """Same length, same order; raises as `EnrichingProcess.enrich`."""
        read = self._ledger.read(values)
        mentions = [value.json or value.mention.to_json() for value in read if isinstance(value, AsWritten)]
        return self._ledger.heard(read, await self._process.enrich(mentions) if mentions else [])
