"""The weights that ship, for each kind of field: considered guesses, made without looking at any records.

m says how often two tellings of one person agree: nine times in ten for what is copied, less for what is
typed anew or changes (a town). u is of the order that public statistics of names, birthdays and towns show.
Whoever has records of their own lets `estimate` do better.
"""

from collections.abc import Mapping

from stream.enrichment.linkage.values import Kind
from stream.enrichment.linkage.weights import Blocks, FieldWeights

_USUAL: Mapping[Kind, tuple[tuple[float, ...], tuple[float, ...], Blocks, float]] = {
    "given": ((0.05, 0.03, 0.05, 0.07, 0.80), (0.913, 0.07, 0.005, 0.007, 0.005), "paired", 10.0),
    "surname": ((0.06, 0.02, 0.05, 0.87), (0.938, 0.055, 0.005, 0.002), "paired", 13.0),
    "text": ((0.15, 0.05, 0.10, 0.70), (0.925, 0.06, 0.010, 0.005), "paired", 16.0),
    "place": ((0.25, 0.05, 0.05, 0.65), (0.945, 0.04, 0.005, 0.010), "paired", 12.0),
    "choice": ((0.10, 0.90), (0.75, 0.25), "never", 8.0),
    "date": ((0.04, 0.01, 0.03, 0.92), (0.94891, 0.05, 0.001, 0.00009), "alone", 16.0),
    "code": ((0.08, 0.01, 0.03, 0.88), (0.99788, 0.002, 0.0001, 0.00002), "alone", 20.0),
    "email": ((0.15, 0.05, 0.05, 0.05, 0.70), (0.9688, 0.03, 0.001, 0.0001, 0.0001), "alone", 20.0),
    "account": ((0.60, 0.05, 0.35), (0.99988, 0.0001, 0.00002), "alone", 20.0),
}
"""Kind to m, u, how it makes keys, and the most bits that it is worth."""


def usual_field(kind: Kind) -> FieldWeights:
    """What ships for a kind of field."""
    m, u, block, most_bits = _USUAL[kind]
    return FieldWeights(kind=kind, m=m, u=u, block=block, most_bits=most_bits)
