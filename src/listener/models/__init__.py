"""Models that people train on their own labelled texts: what one is, its file, where those in use are found.

A model is a directory without pickle: ``card.json`` (`card.Card`) and whatever its kind needs beside it, arrays
as ``.npz``. `store.load_model` reads one, `in_use.ModelsInUse` those in use and what replaces them while a
worker runs. What makes models is `listener.training`.
"""

from listener.models.card import Calibration, Card
from listener.models.store import load_model, save_model
from listener.models.tasks import TASKS, Task
from listener.models.text_model import TextModel, Texts

__all__ = ["TASKS", "Calibration", "Card", "Task", "TextModel", "Texts", "load_model", "save_model"]
