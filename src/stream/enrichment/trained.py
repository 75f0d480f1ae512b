"""What trained models say of a batch, step by step; the texts are read once for all of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from listener.domain.enriched import Sentiment
from listener.models import Card, TextModel, Texts
from listener.models.in_use import Models
from listener.models.judge import Judgement, judge
from stream.enrichment.complaint import complaint_words
from stream.enrichment.root_causes import RootCauses, cause_words
from stream.enrichment.sentiment import VERSION as VADER_VERSION


class BySteps(NamedTuple):
    """The models' judgements of one text; None for a step without a model, and the versions that hold for it."""

    sentiment: Judgement | None
    complaint: Judgement | None
    root_cause: Judgement | None
    versions: dict[str, str]


class TrainedSteps:
    """Lets models judge; may be shared by threads.

    Args:
        root_causes: of the taxonomy in force.
        versions: of the rules, by step.
    """

    def __init__(self, root_causes: RootCauses, versions: dict[str, str]) -> None:
        self._root_causes = root_causes
        self._versions = versions
        self._spoken = versions

    def check(self, card: Card) -> None:
        """Looks whether a model can be used here.

        Raises:
            UsageError: it names root causes that the taxonomy does not have.
        """
        if card.task == "root-cause":
            self._root_causes.nodes_of(card)

    def judge(
        self, models: Models, texts: Sequence[str], felt: Sequence[Sentiment | None]
    ) -> list[BySteps | None]:
        """Judgements of the English texts, None for the others.

        Args:
            texts: cleaned.
            felt: by VADER; None for a text that is not English, or is not to be judged.
        """
        places = [place for place, by_vader in enumerate(felt) if by_vader is not None]
        spoken = self.spoken(models.get(("language", "fast")))
        english = Texts([texts[place] for place in places])
        compounds = [by_vader.compound for by_vader in felt if by_vader is not None]
        english.derived("vader", lambda _: compounds)
        sentiments = judge(models, "sentiment", english, lambda _, __: ())
        complaints = judge(models, "complaint", english, complaint_words)
        causes = judge(models, "root-cause", english, cause_words)
        judged: list[BySteps | None] = [None] * len(texts)
        of_versions: dict[tuple[str | None, ...], dict[str, str]] = {}
        for number, place in enumerate(places):
            felt_by, complains, caused = (
                None if of is None else of[number] for of in (sentiments, complaints, causes)
            )
            names = tuple(None if by is None else by.card.version for by in (felt_by, complains, caused))
            versions = of_versions.get(names)
            if versions is None:
                versions = of_versions[names] = self._with(spoken, *names)
            judged[place] = BySteps(felt_by, complains, caused, versions)
        return judged

    def spoken(self, model: TextModel | None) -> dict[str, str]:
        """The versions of the rules, with that of a model of languages where one is in use."""
        if model is None:
            return self._versions
        version = f"{self._versions['language']}+{model.card.version}"
        if self._spoken["language"] != version:
            self._spoken = self._versions | {"language": version}
        return self._spoken

    def _with(
        self, spoken: Mapping[str, str], sentiment: str | None, complaint: str | None, root_cause: str | None
    ) -> dict[str, str]:
        """The rules' versions with those of models in their place; what else a result rests on stays named."""
        versions = dict(spoken)
        if sentiment is not None:
            versions |= {"sentiment": sentiment, "compound": VADER_VERSION}
        if complaint is not None:
            versions["complaint"] = complaint
        if root_cause is not None:
            versions |= {"root_causes": root_cause, "taxonomy": self._versions["root_causes"]}
        return versions
