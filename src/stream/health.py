"""A worker's health over HTTP: alive, ready and metrics. It answers from the event loop, so a hung loop shows."""

from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from listener.metrics import READY


class HealthServer:
    """Serves ``/livez``, ``/readyz`` and ``/metrics``.

    Args:
        checks: name to whether it is so; ready is when all are.
        refresh: brings gauges up to date before a scrape.
    """

    def __init__(
        self, host: str, port: int, checks: Mapping[str, Callable[[], bool]], refresh: Callable[[], None]
    ) -> None:
        self._host = host
        self._port = port
        self._checks = checks
        self._refresh = refresh
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listens."""
        app = web.Application()
        app.router.add_get("/livez", self._live)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()

    async def stop(self) -> None:
        """Stops listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _state(self) -> dict[str, bool]:
        return {name: check() for name, check in self._checks.items()}

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _ready(self, _request: web.Request) -> web.Response:
        state = self._state()
        return web.json_response(state, status=200 if all(state.values()) else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        READY.set(all(self._state().values()))
        self._refresh()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
