"""The sentiment of an English text: VADER's, and beside it a trained model's where one is in use."""

from listener.models.vader import VERSION, Vader

__all__ = ["VERSION", "Vader"]
