"""The sentiment of an English text: VADER's, or a trained model's label beside VADER's score."""

from typing import Literal

from listener.domain.enriched import Sentiment
from listener.models.decide import named
from listener.models.judge import Judgement
from listener.models.vader import VERSION, Vader

__all__ = ["VERSION", "Vader", "sentiment_by_model"]

_LABELS: dict[str, Literal["negative", "neutral", "positive"]] = {
    "negative": "negative",
    "neutral": "neutral",
    "positive": "positive",
}


def sentiment_by_model(judged: Judgement, by_vader: Sentiment) -> Sentiment:
    """The model's label with VADER's compound score; VADER's label where the model is not sure enough of any."""
    place = int(named(judged.probabilities[None, :], judged.card)[0])
    if judged.probabilities[place] < judged.card.least:
        return by_vader
    return Sentiment(compound=by_vader.compound, label=_LABELS[judged.card.labels[place]])
