"""The end of a campaign: time comes to its end, and every case is looked at once more.

A case says whether it was answered in time, as of when it was last looked at, and that differs between two runs.
So after the last record the clock goes to the same time in both, and a timer of each party brings it up again.
"""

import time

from listener.chaos.crew import Crew
from listener.chaos.inputs import Inputs, tick
from listener.chaos.installation import Installation
from listener.domain.clock import TimerDue
from listener.domain.errors import NotReady
from listener.domain.topics import TIMERS_DUE
from listener.kafka.publish import Publisher

CLOCK_SECONDS = 120.0
LOOK = "look"
"""Kind of a clock that no policy has: the timer is only to bring the party up."""


def settle(installation: Installation, crew: Crew, inputs: Inputs, idle_seconds: float) -> None:
    """To be called when nothing is left to process; returns when that is so again.

    Raises:
        ServiceError: an installation did not become idle, or its workers do not know what time it is.
    """
    parties = sorted({str(case["party"]) for case in installation.cases().values()})
    with Publisher(installation.kafka, client_id="listener-chaos-end") as out:
        last = tick(inputs.ends_at)
        out.publish(last.topic, last.key, last.value)
        out.flush()
        _wait_for_the_time(crew, inputs)
        for party in parties:
            due = TimerDue(party=party, clock_kind=LOOK, anchor=LOOK, due_at=inputs.ends_at)
            out.publish(TIMERS_DUE.name, party, due.to_json())
        out.flush()
    installation.wait_idle(idle_seconds)


def _wait_for_the_time(crew: Crew, inputs: Inputs) -> None:
    deadline = time.monotonic() + CLOCK_SECONDS
    while (known := crew.time_of_all()) is None or known < inputs.ends_at:
        if time.monotonic() > deadline:
            raise NotReady(f"to the workers it is {known}, and should be {inputs.ends_at}")
        time.sleep(0.2)
