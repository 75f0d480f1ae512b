"""The connectors of a campaign: one process that reads the campaign's platforms, as `listener connect` does it."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from listener.chaos.installation import Installation
from listener.chaos.platforms import Platforms
from listener.chaos.posts import COMPANY, KIND, SITES
from listener.domain.errors import NotReady
from listener.domain.topics import CURSORS
from listener.embedded.ports import free_port
from listener.embedded.process import ChildProcess

LOOK_SECONDS = 1.0

ConnectorArgv = Callable[[Path, int], Sequence[str]]
"""From the data directory and the port of the health page to what starts them; `connect` is one of the words."""


def product_connectors(data_dir: Path, health_port: int) -> list[str]:
    """How the product's own are started."""
    words = ["--health-port", str(health_port), "--data-dir", str(data_dir)]
    return [sys.executable, "-m", "listener", "connect", *words]


class Connectors(ChildProcess):
    """Their process, which can be started again.

    Args:
        installation: where they publish; its configuration names none of them.
        config: that of the installation; theirs is written beside it.
        platforms: what they read.
        argv: starts them.
    """

    def __init__(
        self, installation: Installation, config: Path, platforms: Platforms, argv: ConnectorArgv
    ) -> None:
        own = config.with_name("connectors.yaml")
        own.write_text(config.read_text() + yaml.safe_dump({"sources": _sources()}))
        names = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
        environment = {k: v for k, v in installation.environment.items() if k.lower() not in names}
        super().__init__(
            "connectors",
            argv(installation.data_dir, free_port()),
            log_path=installation.data_dir / "log" / "connectors.log",
            env={**environment, "LISTENER_CONFIG": str(own), "http_proxy": platforms.address},
        )
        self.starts = 0
        """How often they were started."""

    def start(self) -> None:
        self.starts += 1
        super().start()

    def wait_until_all_is_read(
        self, installation: Installation, platforms: Platforms, timeout_seconds: float
    ) -> None:
        """Until the cursor of each source stands behind everything that its platform shows.

        Raises:
            NotReady: that did not come.
        """
        deadline = time.monotonic() + timeout_seconds
        while behind := _behind(installation, platforms):
            if time.monotonic() > deadline:
                raise NotReady(f"the connectors have not read all of {', '.join(behind)}:\n{self.log_tail()}")
            time.sleep(LOOK_SECONDS)


def _behind(installation: Installation, platforms: Platforms) -> list[str]:
    """Sites of which the last post is not in the cursor. It remembers by key what was read last."""
    cursors = installation.newest(CURSORS.name)
    found = []
    for site, posts in platforms.shown().items():
        position: Mapping[str, Any] = cursors.get(SITES[site], {}).get("position", {})
        if posts and [posts[-1].name, posts[-1].revision] not in position.get("recent", []):
            found.append(site)
    return found


def _sources() -> dict[str, Any]:
    """By name, which is that of the channel."""
    return {
        channel: {
            "kind": KIND,
            "url": f"http://{site}/posts",
            "accounts": [COMPANY],
            "channel": channel,
            "items": "posts",
            "paging": {"page": "page"},
            "fields": {
                "id": "id",
                "text": "text",
                "occurred_at": "written",
                "edited_at": "edited",
                "author": "author",
                "author_name": "name",
                "email": "email",
                "phone": "phone",
                "reply_to": "answer_to",
            },
            "poll_seconds": 1,
            "requests_per_minute": 6000,
            "first_pages": 1000,
            "max_pages": 1000,
        }
        for site, channel in SITES.items()
    }
