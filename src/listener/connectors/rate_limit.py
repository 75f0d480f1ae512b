"""How often one address may send: a token bucket for each, in bounded memory."""

import secrets
from collections import OrderedDict
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

MAX_ADDRESSES = 10_000


class RateLimit:
    """Lets an address send `burst` times at once, and `per_minute` times a minute in the long run.

    The addresses heard of longest ago are forgotten first. None is kept: only a hash of it, with a key that ends
    with the process.
    """

    def __init__(self, burst: int, per_minute: float) -> None:
        self._burst = burst
        self._per_second = per_minute / 60
        self._key = secrets.token_bytes(32)
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, address: str, at_seconds: float) -> float:
        """Counts one attempt.

        Args:
            address: of the sender; see `network_of`.
            at_seconds: a clock that never goes back.

        Returns:
            0 if it may go on; else how long to wait before trying again, and nothing was counted.
        """
        sender = blake2b(address.encode(errors="replace"), key=self._key, digest_size=16).digest()
        tokens, last = self._buckets.pop(sender, (float(self._burst), at_seconds))
        tokens = min(self._burst, tokens + (at_seconds - last) * self._per_second)
        allowed = tokens >= 1
        self._buckets[sender] = (tokens - allowed, at_seconds)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._per_second


def network_of(address: str) -> str:
    """The address by which senders are told apart; of IPv6 the first 64 bits, since one household has those."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
