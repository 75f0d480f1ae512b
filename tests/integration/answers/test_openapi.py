"""The running endpoint does what its OpenAPI document says, whatever schemathesis asks of it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from integration.answers.conftest import Service
from listener.answers.openapi import document
from listener.domain.response import Response

pytestmark = pytest.mark.kafka

TESTS = Path(__file__).parents[2]
PHASES = ("--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--seed", "1")


def test_the_document_holds(
    start: Callable[..., Service], published: Callable[[], list[Response]], tmp_path: Path
) -> None:
    service = start()
    assert httpx.get(f"{service.serving.url}openapi.json").json() == document()
    program = (
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{service.serving.url}openapi.json",
        "--checks",
        "all",
    )
    done = subprocess.run(
        [*program, *PHASES, "--no-color"],
        cwd=tmp_path,
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "integration.answers.schemathesis_hooks",
            "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(published()) > 20, "it was taken at its word, not turned away"
