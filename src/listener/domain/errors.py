"""What can go wrong, and what the caller is expected to do about it.

ListenerError            the command ends with exit code 1 and the message
├── UsageError           wrong use: exit code 2; the message names the option, or file and line
├── ServiceError         a server that we need does not work as it must
│   ├── PortTaken        somebody else listens there
│   ├── DiskFull         free space, then start again
│   └── NotReady         it did not answer in time
├── Rejected             this record can never be processed: dead letter, go on with the next
├── Busy                 not now: wait `retry_after_seconds`, then do the same again
└── LostFooting          going on could lose or overwrite data: end the process, let another take over
"""


class ListenerError(Exception):
    """Base of every error that Listener raises on purpose; its text is fit for a person to read."""


class UsageError(ListenerError):
    """The user asked for something that cannot be done; the text says what to change."""


class ServiceError(ListenerError):
    """A server that Listener depends on is missing, broken or unreachable."""


class PortTaken(ServiceError):
    """Another process listens on the port that a server was to have."""


class DiskFull(ServiceError):
    """There is no room left where a server keeps its data."""


class NotReady(ServiceError):
    """A server did not become ready in the time allowed."""


class Rejected(ListenerError):
    """A record that can never be processed as it is; `reason` is a short word for counting.

    Args:
        reason: one of a small set of words, such as ``not-json`` or ``invalid``.
        detail: what exactly is wrong, naming the field, for a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Busy(ListenerError):
    """A store or service cannot take more just now.

    Args:
        detail: who is busy, and why.
        retry_after_seconds: how long to wait before the same is tried again.
    """

    def __init__(self, detail: str, retry_after_seconds: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class LostFooting(ListenerError):
    """A worker can no longer be sure that it owns what it writes; the process must end at once."""
