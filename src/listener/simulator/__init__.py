"""A simulated company with its customers, their needs and contacts, its answers, and the truth about all of it.

It shares nothing with the parts that judge mentions, so that what they find can be held against what is true.
"""

from listener.simulator.settings import SimulationSettings
from listener.simulator.simulation import Event, SimulatedCompany, TruthKnown, simulate
from listener.simulator.truth import DayTruth, MatterTruth, MentionTruth

__all__ = [
    "DayTruth",
    "Event",
    "MatterTruth",
    "MentionTruth",
    "SimulatedCompany",
    "SimulationSettings",
    "TruthKnown",
    "simulate",
]
