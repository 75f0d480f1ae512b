"""Connections that can be cut and slowed: toxiproxy, another program, told what to do over HTTP."""

import json
import urllib.request
from pathlib import Path
from typing import Any

from listener.domain.errors import ServiceError
from listener.embedded.ports import LOOPBACK, free_port
from listener.embedded.process import ChildProcess

START_SECONDS = 30.0
ASK_SECONDS = 10.0
LATENCY_MS, JITTER_MS, KILOBYTES_PER_SECOND = 250, 150, 1000
SLOW: dict[str, tuple[str, dict[str, int]]] = {
    "late": ("latency", {"latency": LATENCY_MS, "jitter": JITTER_MS}),
    "narrow": ("bandwidth", {"rate": KILOBYTES_PER_SECOND}),
}
"""What makes a connection slow, in each direction: name to toxiproxy's type and attributes."""
STREAMS = ("upstream", "downstream")


class Toxiproxy:
    """One process for all proxies of an installation.

    Args:
        program: toxiproxy's server.
        log_path: where its output goes.
    """

    def __init__(self, program: Path, log_path: Path) -> None:
        self._api = f"http://{LOOPBACK}:{(port := free_port())}"
        self._child = ChildProcess(
            "toxiproxy", [str(program), "-host", LOOPBACK, "-port", str(port)], log_path=log_path
        )

    def start(self) -> None:
        """Returns once it takes orders.

        Raises:
            ServiceError: it does not start.
        """
        self._child.start()
        self._child.wait_until(lambda: self._ask("GET", "/version") is not None, START_SECONDS, "to answer")

    def stop(self) -> None:
        """Ends it with all connections."""
        self._child.stop()

    def add(self, name: str, port: int, to_port: int) -> None:
        """A proxy on this machine.

        Raises:
            ServiceError: the port is taken.
        """
        body = {
            "name": name,
            "listen": f"{LOOPBACK}:{port}",
            "upstream": f"{LOOPBACK}:{to_port}",
            "enabled": True,
        }
        self._order("POST", "/proxies", body)

    def cut(self, name: str) -> None:
        """Ends its connections and lets no new ones in."""
        self._order("POST", f"/proxies/{name}", {"enabled": False})

    def mend(self, name: str) -> None:
        """Lets connections in again."""
        self._order("POST", f"/proxies/{name}", {"enabled": True})

    def slow(self, name: str) -> None:
        """Every answer takes half a second more, and not much goes through at once."""
        for stream in STREAMS:
            for toxic, (kind, attributes) in SLOW.items():
                body = {
                    "name": f"{toxic}-{stream}",
                    "type": kind,
                    "stream": stream,
                    "attributes": attributes,
                }
                self._order("POST", f"/proxies/{name}/toxics", body)

    def quicken(self, name: str) -> None:
        """As before `slow`."""
        for stream in STREAMS:
            for toxic in SLOW:
                self._order("DELETE", f"/proxies/{name}/toxics/{toxic}-{stream}")

    def _order(self, method: str, path: str, body: Any = None) -> None:
        try:
            self._ask(method, path, body)
        except OSError as error:
            raise ServiceError(f"toxiproxy: {method} {path}: {error}") from error

    def _ask(self, method: str, path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._api + path, data=data, method=method)  # noqa: S310  # ours
        with urllib.request.urlopen(request, timeout=ASK_SECONDS) as answer:  # noqa: S310  # ours
            content: bytes = answer.read()
            return content
