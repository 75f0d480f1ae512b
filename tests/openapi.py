"""Whether a running endpoint does what its OpenAPI document says, whatever schemathesis asks of it.

The module that `assert_holds` names is loaded by schemathesis as its hooks; one that signs imports `Signature`.
"""

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import requests
import schemathesis

from fakes.desk import KEY, signed

TESTS = Path(__file__).parent
PHASES = ("--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--seed", "1")


def assert_holds(url: str, hooks: str, directory: Path) -> None:
    """Runs all of schemathesis' checks.

    Args:
        url: where the endpoint is, with a slash at its end.
        hooks: name of a module under tests/.
    """
    program = (sys.executable, "-m", "schemathesis.cli", "run", f"{url}openapi.json", "--checks", "all")
    done = subprocess.run(
        [*program, *PHASES, "--no-color"],
        cwd=directory,
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": hooks,
            "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Signature:
    """Signs the bytes that will be sent, each request under an id of its own."""

    def get(self, case: "schemathesis.Case[Any]", context: schemathesis.AuthContext) -> str:
        """Whose key."""
        return KEY

    def set(self, case: "schemathesis.Case[Any]", data: str, context: schemathesis.AuthContext) -> None:
        """Adds the three headers."""
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://endpoint.test")).prepare()
        body = sent.body or b""
        raw = body.encode() if isinstance(body, str) else body
        assert isinstance(raw, bytes)
        made = signed(raw, webhook_id=uuid.uuid4().hex, key=data)
        del made["content-type"]
        case.headers.update(made)
