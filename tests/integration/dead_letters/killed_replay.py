"""Replays every open letter and kills itself between the originals' acknowledgement and the marks."""

import os
import signal
import sys
from datetime import UTC, datetime

from listener.dead_letters.reading import read_letters
from listener.dead_letters.replay import replay
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher


class Mortal(Publisher):
    """Dies once its second flush is acknowledged."""

    flushes = 0

    def flush(self, timeout_seconds: float = 90.0) -> None:
        """As told."""
        super().flush(timeout_seconds)
        self.flushes += 1
        if self.flushes == 2:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Argument: bootstrap servers."""
    connection = KafkaConnection(sys.argv[1])
    letters = (letter for letter in read_letters(connection) if letter.state == "open")
    with Mortal(connection, client_id="test") as out:
        replay(letters, out, to=None, by="K. Agent", now=lambda: datetime.now(UTC))


if __name__ == "__main__":
    main()
