"""Connectors that move their cursor before Kafka has what they read: the campaign must notice."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import listener.connectors.run
from listener.cli.main import main
from listener.connectors.intake import Intake
from listener.domain.topics import CURSORS
from listener.kafka.publish import Outlet

LATE_SECONDS = 10.0


class Withholding:
    """Hands on a cursor at once, and everything else once it is told to."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._withheld: list[tuple[Any, ...]] = []

    def publish(
        self,
        topic: str,
        key: str | bytes | None,
        value: bytes | None,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        if topic == CURSORS.name:
            self._outlet.publish(topic, key, value, headers)
        else:
            self._withheld.append((topic, key, value, headers))

    def flush(self) -> None:
        self._outlet.flush()

    def let_go(self) -> None:
        for record in self._withheld:
            self._outlet.publish(*record)
        self._withheld.clear()
        self._outlet.flush()


class CarelessIntake(Intake):
    """Says at once that a batch is safe, and makes it so a little later."""

    def __init__(self, source: Any, outlet: Outlet, *args: Any, **options: Any) -> None:
        self._withholding = Withholding(outlet)
        super().__init__(source, self._withholding, *args, **options)

    def commit(self, position: Mapping[str, Any] | None) -> None:
        super().commit(position)
        time.sleep(LATE_SECONDS)
        self._withholding.let_go()


# Arguments: those of the program.
if __name__ == "__main__":
    vars(listener.connectors.run)[Intake.__name__] = CarelessIntake
    main()
