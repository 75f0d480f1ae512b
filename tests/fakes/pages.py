"""Asking a web application without a network, and reading its pages."""

import asyncio
from html.parser import HTMLParser
from typing import Any

import httpx
from starlette.applications import Starlette


class Client:
    """Asks the application without a network between."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://form.test") as client:
                return await client.request(method, path, **given)

        return asyncio.run(ask())


class Page(HTMLParser):
    """The elements of a page: tag and attributes, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def by_name(self, name: str) -> dict[str, str | None]:
        return next(attrs for _, attrs in self.elements if attrs.get("name") == name)

    @property
    def ids(self) -> list[str | None]:
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]
