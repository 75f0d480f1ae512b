"""Where contacts of a simulated company's people vanish, as the report `black-holes` does."""

import numpy as np

from listener.evaluation.company_seen import SeenContacts
from listener.statistics.interval import Interval
from listener.statistics.proportion import wilson


def vanished(contacts: SeenContacts, channel: int, queue: int) -> Interval:
    """Of the parties that asked by a channel, those with a black hole that would wait in this queue."""
    there = contacts.channel == channel
    holes = there & contacts.vanished & (contacts.queue == queue)
    return wilson(len(np.unique(contacts.party[holes])), len(np.unique(contacts.party[there])))
