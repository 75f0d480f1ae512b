"""Ports of 127.0.0.1: find a free one, and say who holds a taken one."""

import errno
import random
import socket
from contextlib import ExitStack
from pathlib import Path

from listener.domain.errors import PortTaken

LOOPBACK = "127.0.0.1"
_LISTEN = "0A"  # state of a listening socket in /proc/net/tcp


def free_port(other_than: int | None = None, host: str = LOOPBACK) -> int:
    """A TCP port that nobody listens on at this moment (somebody else may take it the next)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return free_port(other_than, host) if port == other_than else port


def require_free_port(port: int, what: str, host: str = LOOPBACK) -> None:
    """Makes sure that a server can listen on a port.

    Args:
        port: the TCP port.
        what: the server that is to listen there, for the message.

    Raises:
        PortTaken: somebody listens there already, or the system does not let us.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of an earlier run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as refused:
            if refused.errno == errno.EADDRINUSE:
                raise PortTaken(
                    f"{what} cannot listen on {host}:{port}: {_holder_in_words(port)}. "
                    "Stop that process or choose another port."
                ) from refused
            raise PortTaken(f"{what} cannot listen on {host}:{port}: {refused.strerror}.") from refused


def _holder_in_words(port: int) -> str:
    pid = listening_pid(port)
    if pid is None:
        return "another process listens there"
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        command = Path(words[0].decode(errors="replace")).name
    except OSError:
        return f"process {pid} listens there"
    return f"process {pid} ({command}) listens there"


def listening_pid(port: int) -> int | None:
    """The process that listens on a TCP port, if /proc lets us know it (own processes, or as root)."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(descriptor.readlink()) in sockets for descriptor in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue  # it has ended, or it is not ours to look into
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes


def free_ports_in_a_row(count: int, host: str = LOOPBACK) -> int:
    """The first of so many TCP ports, one after the other, that nobody listens on at this moment.

    Below the range from which systems take ports for connections, so that nobody is given one of them.
    """
    while True:
        first = random.randrange(10_000, 30_000)  # noqa: S311  # no secret
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                    probe.bind((host, port))
            except OSError:
                continue
            return first
