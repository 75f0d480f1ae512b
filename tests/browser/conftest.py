"""Debian's Chromium, driven by Playwright, and the feedback form as its own process on a real Kafka."""

import os
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from console_visits import ARGUMENTS, CHROMIUM
from listener.domain.topics import ALL
from listener.embedded.kafka import KafkaServer
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from serving import Serving


@pytest.fixture(scope="module")
def chromium(server_missing: Callable[[str], NoReturn]) -> Iterator[Browser]:
    """A browser for all tests of a file.

    No longer: while Playwright is there its event loop runs in this thread, and no test after it in the same
    process could run one of its own.
    """
    if not CHROMIUM.exists():
        server_missing(f"{CHROMIUM} is missing; Debian's package `chromium` brings it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that remembers nothing, and runs no scripts of pages, as the form promises not to need any."""
    context = chromium.new_context(java_script_enabled=False)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page."""
    return context.new_page()


@pytest.fixture(scope="session")
def kafka(kafka_server: KafkaServer) -> KafkaConnection:
    """The broker of the session, with all topics."""
    connection = KafkaConnection(kafka_server.bootstrap_servers)
    with TopicAdmin(connection) as admin:
        admin.create(plan(ALL, 3, 1, {}))
    return connection


@pytest.fixture(scope="session")
def start_form(kafka: KafkaConnection, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Serving]:
    """Starts the command `listener form` with further options of its source."""

    def start(options: str) -> Serving:
        directory = tmp_path_factory.mktemp("form")
        (directory / "listener.yaml").write_text(
            f"sources:\n  web-form:\n    kind: form\n    company: Example Air\n    burst: 1000\n{options}"
        )
        environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
        return Serving(("-m", "listener", "form", "--port", "0"), directory, environment)

    return start


@pytest.fixture(scope="session")
def form_url(start_form: Callable[[str], Serving]) -> Iterator[str]:
    """Where the command `listener form` serves its page."""
    form = start_form("    min_seconds: 0\n")
    try:
        yield form.url
    finally:
        form.stop()
    assert form.process.returncode == 0
