"""What the customer match goes by: which evidence it looks at, and what each agreement is worth."""

from typing import Literal

import yaml
from pydantic import Field

from listener.domain.document import Document, read_document
from listener.domain.ids import digest
from stream.enrichment.linkage.usual import usual_field
from stream.enrichment.linkage.values import Kind
from stream.enrichment.linkage.weights import Weights

MatchMode = Literal["weighed", "exact"]
VERSION = "match-2"
OWN_FIELDS: dict[str, Kind] = {
    "given": "given",
    "surname": "surname",
    "account": "account",
    "phone": "code",
    "place": "place",
}
"""What customers and authors have by themselves; every other field of the weights is one of their details."""


def usual_weights() -> Weights:
    """The weights that ship."""
    fields = {name: usual_field(kind) for name, kind in OWN_FIELDS.items()}
    # a whole telephone number is one in millions; it makes no key of its own, since it is an exact one already
    fields["phone"] = fields["phone"].model_copy(
        update={"block": "never", "u": (0.99988, 0.0001, 0.000019, 0.000001)}
    )
    return Weights(fields=fields)


def read_weights(text: str, name: str) -> Weights:
    """Weights from YAML.

    Args:
        name: of the file, for messages.

    Raises:
        UsageError: they are wrong, with line and field.
    """
    weights = read_document(Weights, text, name)
    return weights.model_copy(update={"fields": {**usual_weights().fields, **weights.fields}})


def weights_text(weights: Weights, about: str) -> str:
    """Weights as YAML that `read_weights` takes.

    Args:
        about: where they are from, for a comment.
    """
    fields = {
        name: {
            "kind": field.kind,
            "block": field.block,
            "m": [float(f"{share:.6g}") for share in field.m],
            "u": [float(f"{share:.6g}") for share in field.u],
            "most_bits": field.most_bits,
        }
        for name, field in weights.fields.items()
    }
    return f"# {about}\n" + yaml.safe_dump({"fields": fields}, sort_keys=False, default_flow_style=None)


class MatchRules(Document):
    """How authors are matched with customers."""

    mode: MatchMode = "weighed"
    weights: Weights = Field(default_factory=usual_weights)

    @property
    def version(self) -> str:
        """Changes whenever a match may turn out otherwise."""
        if self.mode == "exact":
            return f"{VERSION}-exact"
        return f"{VERSION}-{digest(self.weights.model_dump_json())[:8]}"
