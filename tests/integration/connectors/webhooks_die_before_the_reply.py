"""`listener webhooks` that dies between the broker's acknowledgement of its first request and its reply."""

import os
import signal

from listener.cli.main import main
from listener.connectors.connector import Batch
from listener.connectors.webhook import Webhook

poll = Webhook.poll


def poll_or_die(self: Webhook) -> Batch:
    """As kill -9 at the moment when the base asks for more, which says that all before is on the broker."""
    if self._in_hand:
        os.kill(os.getpid(), signal.SIGKILL)
    return poll(self)


Webhook.poll = poll_or_die  # type: ignore[method-assign]
main()
