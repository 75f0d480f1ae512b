"""Which models are in use: a directory that people train into, looked at again while a worker runs.

::

    models/complaint/fast/in_use                          the name of the directory beside it
    models/complaint/fast/20261126T193000-1f0c9a2b/       a model; older ones stay until somebody removes them
    models/complaint/accurate/...

A model is put in use by replacing the small file ``in_use``, which happens at once or not at all: also how an
older one is taken back.
"""

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from listener.domain.errors import UsageError
from listener.models.card import Card, Speed
from listener.models.store import load_card, load_model
from listener.models.tasks import TASKS
from listener.models.text_model import TextModel

log = logging.getLogger(__name__)

POINTER = "in_use"
LOOK_SECONDS = 5.0
"""How often a worker looks for other models."""
SPEEDS: tuple[Speed, ...] = ("fast", "accurate")
Slot = tuple[str, Speed]
Models = Mapping[Slot, TextModel]


def slot_of(directory: Path, task: str, speed: Speed) -> Path:
    """Where the models of one task and speed are."""
    return directory / task / speed


def model_in_use(directory: Path, task: str, speed: Speed) -> Path | None:
    """The directory of the model in use, None where there is none.

    Raises:
        UsageError: the pointer cannot be read, or names something else than a directory beside it.
    """
    pointer = slot_of(directory, task, speed) / POINTER
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{pointer}: cannot be read: {error}") from None
    if not name or Path(name).name != name:
        raise UsageError(f"{pointer}: {name!r} is not the name of a directory beside it")
    return pointer.parent / name


def put_in_use(model: Path) -> Card:
    """Lets workers take this model; they do within `LOOK_SECONDS`.

    Args:
        model: its directory, in the slot of its task and speed.

    Raises:
        UsageError: it is no model.
    """
    card = load_card(model)
    handle, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=model.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(model.name + "\n")
    Path(unfinished).chmod(0o644)
    Path(unfinished).replace(model.parent / POINTER)
    return card


class ModelsInUse:
    """The models of a directory that are in use, loaded.

    Readers take `models` once for a batch; it is replaced as a whole, so that a batch never sees half a change.

    Args:
        directory: as `listener train --out` wrote it.

    Raises:
        UsageError: there is no such directory, or a model in use cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        if not directory.is_dir():
            raise UsageError(f"{directory}: there is no such directory of models; `listener train` makes one")
        self._directory = directory
        self._loaded: dict[Slot, tuple[Path, TextModel]] = {}
        self._refused: set[str] = set()
        self._check: Callable[[Card], None] = lambda _: None
        self.models: Models = {}
        for task in TASKS:
            for speed in SPEEDS:
                if (path := model_in_use(directory, task, speed)) is not None:
                    self._loaded[task, speed] = (path, load_model(path))
        self._publish()

    def require(self, check: Callable[[Card], None]) -> None:
        """Uses only models that pass this check, now and later.

        Args:
            check: raises UsageError for a model that cannot be used.

        Raises:
            UsageError: one in use does not pass.
        """
        for _, model in self._loaded.values():
            check(model.card)
        self._check = check

    def look(self) -> list[str]:
        """Looks which models are in use now, and loads those that are new.

        One that cannot be read is told of in the log, once, and the one before it stays in use.

        Returns:
            What has changed, in words.
        """
        changes: list[str] = []
        for slot in [(task, speed) for task in TASKS for speed in SPEEDS]:
            before = self._loaded.get(slot)
            try:
                path = model_in_use(self._directory, *slot)
                if path is None:
                    if before is not None:
                        del self._loaded[slot]
                        changes.append(f"{' '.join(slot)}: none")
                elif before is None or path != before[0]:
                    model = load_model(path)
                    self._check(model.card)
                    self._loaded[slot] = (path, model)
                    changes.append(f"{' '.join(slot)}: {model.card.version}")
            except UsageError as error:
                refused = str(error)
                if refused not in self._refused:
                    self._refused.add(refused)
                    log.error("a model is not taken: %s", error)  # noqa: TRY400  # the text says it all
        if changes:
            self._publish()
        return changes

    def follow(self, stop: threading.Event, every_seconds: float = LOOK_SECONDS) -> None:
        """Looks again and again in a thread, until `stop` is set."""
        arguments = (stop, every_seconds)
        threading.Thread(target=self._follow, args=arguments, name="models", daemon=True).start()

    def _follow(self, stop: threading.Event, every_seconds: float) -> None:
        while not stop.wait(every_seconds):
            if changes := self.look():
                log.info("models in use from now on: %s", ", ".join(changes))

    def _publish(self) -> None:
        self.models = {slot: model for slot, (_, model) in self._loaded.items()}
