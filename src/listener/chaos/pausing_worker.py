"""A stream worker as the product has it, but for one thing: it stops itself between fold and flush when asked to.

It is asked by a file. What it has folded by then is in its memory only; the campaign lets it go on when another
worker has its partitions.
"""

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import click

from listener.bootstrap_stages import run_stream_worker
from listener.kafka.connection import KafkaConnection
from listener.logs import configure_logs
from listener.settings import load_settings
from stream.reliability import Footing
from stream.send import Record, Sender

What = Literal["states", "outputs"]
"""Before what it is to stop: before the states go to the changelog, or before what follows from them goes out."""


def request_path(data_dir: Path, worker: int | str) -> Path:
    """The file that asks a worker to stop; its content is a `What`."""
    return data_dir / f"pause-worker-{worker}"


class PausingSender(Sender):
    """Sends like any other, but stops the process just before that if a file asks for it.

    Args:
        request: the file; it goes when the process stops.
    """

    def __init__(
        self, connection: KafkaConnection, footing: Footing, delivery_timeout_seconds: float, *, request: Path
    ) -> None:
        super().__init__(connection, footing, delivery_timeout_seconds)
        self._request = request

    async def send(self, records: Iterable[Record]) -> list[int]:
        records = list(records)
        if records and self._asked_before(records[0]):
            self._request.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGSTOP)
        return await super().send(records)

    def _asked_before(self, record: Record) -> bool:
        try:
            asked = self._request.read_text()
        except OSError:
            return False
        return asked == ("states" if record.topic.endswith("-changelog") else "outputs")


@click.command()
@click.option("--worker", required=True)
@click.option("--health-port", type=int, required=True)
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
def main(worker: str, health_port: int, data_dir: Path) -> None:
    """As ``listener stream``."""
    configure_logs()

    def make_sender(
        connection: KafkaConnection, footing: Footing, delivery_timeout_seconds: float
    ) -> PausingSender:
        request = request_path(data_dir, worker)
        return PausingSender(connection, footing, delivery_timeout_seconds, request=request)

    run_stream_worker(load_settings(None, data_dir), worker, health_port, make_sender=make_sender)


def argv(worker: int | str, data_dir: Path, health_port: int) -> list[str]:
    """What starts it."""
    words = ["--worker", str(worker), "--health-port", str(health_port), "--data-dir", str(data_dir)]
    return [sys.executable, "-m", __name__, *words]


if __name__ == "__main__":
    main()
