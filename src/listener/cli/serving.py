"""Serving a web application until a signal ends it."""

import ipaddress
import signal
import socket
from collections.abc import Callable

import click
import uvicorn
from starlette.applications import Starlette

from listener.domain.errors import UsageError
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection

DELIVERY_SECONDS = 15.0
"""How long whoever sends something waits before hearing that it could not be stored."""
SHUTDOWN_SECONDS = 20
MAX_CONNECTIONS = 500


class _Server(uvicorn.Server):
    """One that says so before it waits for its connections to end."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends in order."""
        self._ending()
        await super().shutdown(sockets)


def serve(
    app: Starlette,
    what: str,
    host: str,
    port: int,
    trusted_proxies: str | None,
    *,
    path: str = "",
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Serves until a signal, which ends it in order and with exit code 0.

    Args:
        what: for messages, such as "feedback form".
        port: 0 takes a free one; which, is told on standard error.
        trusted_proxies: addresses whose X-Forwarded-For says who the sender is, separated by commas.
        path: of the address that is told, after its first slash.
        ending: is called at the signal; ends answers that would go on for ever.

    Raises:
        UsageError: nothing can listen there.
    """
    config = uvicorn.Config(
        app,
        access_log=False,  # it would keep the addresses of people who were told that none is kept
        log_config=None,
        server_header=False,
        proxy_headers=trusted_proxies is not None,
        forwarded_allow_ips=trusted_proxies,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        lifespan="off",
    )
    # uvicorn raises the signal again once it has stopped; this is what then takes it
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise UsageError(f"the {what} cannot listen on {host}:{port}: {error.strerror}") from None
        listening.listen()  # whoever reads the address below may come at once
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"{what}: http://{shown}:{listening.getsockname()[1]}/{path}", err=True)
        _Server(config, ending).run(sockets=[listening])


def kafka_answers(connection: KafkaConnection) -> bool:
    """True if a broker answers.

    Raises:
        ServiceError: none does.
    """
    with TopicAdmin(connection):
        return True


def is_this_machine(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
