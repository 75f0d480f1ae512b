"""What each report is asked, in the words of its page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One report.

    Attributes:
        title: short, for links.
        asks: the question that its picture answers.
        bounds: which time the dates of the page bound.
        note: what to know before one relies on it; empty where nothing.
        views: of ClickHouse that it reads, all with the parameters since and until.
        nothing: what to do where the report is empty.
    """

    title: str
    asks: str
    bounds: str
    views: tuple[str, ...]
    note: str = ""
    nothing: str = "Choose other dates."


_OPENED = "when the case was opened"
_CONTACT = "of the contact"
_ASKED = "of the first contact that asked"
QUESTIONS: dict[str, Question] = {
    "root-causes": Question(
        "Root causes",
        "What makes customers contact the company?",
        _CONTACT,
        ("root_causes",),
        "Counted by people: whoever posts a hundred times weighs as much as one who posts once. The interval "
        "tells the chance of sampling, not how often the keywords are wrong.",
    ),
    "loudness": Question(
        "Loudness",
        "One bullhorn, or many customers?",
        "of the mention",
        ("loudness",),
        "Posts take in what only passes on others' words; people do not.",
    ),
    "channels": Question(
        "Channels",
        "How soon does each channel answer, and does going public pay?",
        _ASKED,
        ("channels", "waits_in_bins"),
        "An answer counts for the channel that was asked. Whoever still waits when observation ends is neither "
        "answered nor never answered.",
    ),
    "what-we-teach": Question(
        "What we teach",
        "Are we training our customers to go public?",
        _ASKED,
        ("what_we_teach", "contacts_by_week"),
        "An association, not a proven cause. Hours rest on the handling times that are set, 8 minutes where "
        "none is.",
        "Nobody has come back yet after an answer. Choose a longer time.",
    ),
    "black-holes": Question(
        "Black holes",
        "Where do contacts vanish?",
        _CONTACT,
        ("vanished",),
        "A contact that no person answered by its target and the grace after it.",
        "Nothing vanished in these dates: every contact was answered in time, or its time is not over.",
    ),
    "deadlines": Question(
        "Deadlines",
        "Which deadlines do we keep, and which do we miss?",
        _OPENED,
        ("deadlines",),
        "Share missed is of people, share met of deadlines.",
    ),
    "escalations": Question(
        "Escalations",
        "How far do people have to go until somebody acts?",
        _OPENED,
        ("escalations",),
        "Cases that began in private.",
    ),
    "fairness": Question(
        "Fairness",
        "Are people treated by their need, or by their reach?",
        _ASKED,
        ("fairness",),
        "Compared within the same channel, need, root cause and severity: an association. Reach and mark are the "
        "highest that were ever told of an account.",
    ),
    "executives": Question(
        "Executives",
        "What takes the executives' time?",
        _OPENED,
        ("executives",),
        "30 minutes for each answer is an assumption.",
        "Nothing came up to the executives in these dates.",
    ),
    "goodwill": Question(
        "Goodwill",
        "What did we give to make up for trouble?",
        _OPENED,
        ("goodwill",),
        "Currencies are never added up.",
        "Nothing was given in these dates. A gift is noted with `listener case goodwill`.",
    ),
    "fixes": Question(
        "Fixes",
        "Did the fix work?",
        _CONTACT,
        ("cause_days", "hearing_delays"),
        "Against the other causes, with late arrivals made up for. “Not shown” is a possible verdict, and the "
        "usual one for small numbers.",
        "No fix was declared. Declare one on the page of its root cause.",
    ),
    "outcomes": Question(
        "Outcomes",
        "What becomes of customers whom we answer, and of those whom we do not?",
        _ASKED,
        ("outcomes_by_answer",),
        "An association, not a proven cause; with fewer than 20 alike customers nothing is said.",
    ),
}
"""Report to its question, in the order of the pages."""
