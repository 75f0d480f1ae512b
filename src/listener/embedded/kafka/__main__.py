"""`python -m listener.embedded.kafka`: fetch Kafka ahead of its first start, or renew the lock file."""

import argparse
import logging
import sys

from listener.domain.errors import ListenerError
from listener.embedded.kafka.artifacts import kafka_libraries, relock
from listener.embedded.kafka.warm_start import prepare


def main() -> int:
    """Runs one of the two; 0 done, 1 failed, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m listener.embedded.kafka", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--prefetch",
        action="store_true",
        help="fetch Apache Kafka into the user's cache, and prepare quick starts, once",
    )
    what.add_argument("--relock", action="store_true", help="write artifacts.lock anew (for developers)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if arguments.relock:
            relock()
        else:
            sys.stdout.write(f"{kafka_libraries()}\n")
            prepare()
    except ListenerError as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
