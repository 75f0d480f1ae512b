"""What a machine lacks is told in words that help."""

from pathlib import Path

from listener.chaos.means import Means
from listener.chaos.schedule import FILLING, KINDS, PROXIED


def test_with_everything_nothing_is_left_out() -> None:
    assert Means(Path("/usr/bin/toxiproxy-server"), mounts=True).lacking(KINDS) == {}


def test_without_toxiproxy_connections_are_left_alone() -> None:
    lacking = Means(None, mounts=True).lacking(KINDS)
    assert lacking.keys() == PROXIED
    assert all("toxiproxy-server" in why and "--toxiproxy" in why for why in lacking.values())


def test_without_root_disks_are_left_alone() -> None:
    lacking = Means(Path("/usr/bin/toxiproxy-server"), mounts=False).lacking(KINDS)
    assert lacking.keys() == FILLING
    assert all("root" in why for why in lacking.values())
