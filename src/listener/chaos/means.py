"""What a machine lets a campaign do: a proxy to cut connections with, a file system to fill."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from listener.chaos.disk import SmallDisk
from listener.chaos.schedule import FILLING, PROXIED, Kind
from listener.domain.errors import ServiceError

TOXIPROXY = "toxiproxy-server"
GET_TOXIPROXY = "go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0"


@dataclass(frozen=True)
class Means:
    """What there is.

    Attributes:
        toxiproxy: the program.
        mounts: whether file systems may be mounted.
    """

    toxiproxy: Path | None
    mounts: bool

    def lacking(self, kinds: Iterable[Kind]) -> dict[Kind, str]:
        """Those of these kinds of faults that cannot be done here, and why."""
        found: dict[Kind, str] = {}
        for kind in kinds:
            if kind in PROXIED and self.toxiproxy is None:
                found[kind] = (
                    f"there is no program {TOXIPROXY}: name one with --toxiproxy ({GET_TOXIPROXY} makes one)"
                )
            elif kind in FILLING and not self.mounts:
                found[kind] = "only root can mount a file system of its own"
        return found


def find_means(toxiproxy: Path | None = None) -> Means:
    """Looks what this machine has.

    Args:
        toxiproxy: the program; looked for in the path where None.
    """
    found = shutil.which(TOXIPROXY)
    return Means(toxiproxy or (Path(found) if found else None), _mounts())


def _mounts() -> bool:
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory(prefix="listener-chaos-") as place:
        disk = SmallDisk(Path(place), 1 << 20)
        try:
            disk.mount()
        except ServiceError:
            return False
        disk.unmount()
        return True
