"""The product's worker with its second stage deaf: what stage 1 alone does, in the product's own machinery.

    python -m bench.peers.product_ledger product|none stream --worker 1 ...

The rest of the command line is that of `listener`. With `none` the enricher says the same about every mention, in
the worker's own process: there is nothing to do for another.
"""

import sys
import tempfile
from pathlib import Path

from bench.peers.work import NoEnrichment
from listener import bootstrap_stages
from listener.cli.main import main as listener
from listener.domain.topics import TIMERS_DUE
from stream.triage.triage import Triage


def main() -> None:
    """Runs until it is ended."""
    enrichment = sys.argv.pop(1)
    Triage.topics = (TIMERS_DUE.name,)  # nothing is ever written to it here
    if enrichment == "product":
        listener()
        return
    vars(bootstrap_stages)["Enricher"] = lambda *_: NoEnrichment()
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "listener.yaml"
        config.write_text("stream:\n  enrich_apart: false\n")
        sys.argv += ["--config", str(config)]
        listener()


if __name__ == "__main__":
    main()
