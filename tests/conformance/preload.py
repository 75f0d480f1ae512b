"""What the process imports from which connectors are forked."""

import contextlib
import importlib

import listener.cli.connect_command
import listener.cli.main  # noqa: F401
from listener.connectors.kinds import MODULES

for module in MODULES.values():
    with contextlib.suppress(ImportError):  # its client library is an extra
        importlib.import_module(module)
