"""The running endpoint does what its OpenAPI document says, whatever schemathesis asks of it."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from integration.answers.conftest import Service
from listener.answers.openapi import document
from listener.domain.response import Response
from openapi import assert_holds

pytestmark = pytest.mark.kafka


def test_the_document_holds(
    start: Callable[..., Service], published: Callable[[], list[Response]], tmp_path: Path
) -> None:
    service = start()
    assert httpx.get(f"{service.serving.url}openapi.json").json() == document()
    assert_holds(service.serving.url, "integration.answers.schemathesis_hooks", tmp_path)
    assert len(published()) > 20, "it was taken at its word, not turned away"
