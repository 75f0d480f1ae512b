"""`listener answers` that dies between the broker's acknowledgement of its first answer and its reply."""

import os
import signal
from collections.abc import Callable, Iterable

from listener.cli.main import main
from listener.kafka.publish import Publisher

deliver: Callable[..., None] = Publisher.deliver


def deliver_and_die(
    self: Publisher,
    topic: str,
    key: str | bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes]] = (),
) -> None:
    """As kill -9 at that moment."""
    deliver(self, topic, key, value, headers)
    os.kill(os.getpid(), signal.SIGKILL)


Publisher.deliver = deliver_and_die  # type: ignore[method-assign]
main()
