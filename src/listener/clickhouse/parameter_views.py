"""What the views with parameters say, in words: ClickHouse gives their columns no comments.

docs/report-columns.md shows them. A test asks the real engine for the columns of each, and that all are here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ParameterView:
    """One view.

    Attributes:
        rows: what there is one row for.
        bounds: which time ``since`` and ``until`` bound.
        columns: name to meaning, in their order.
        parameters: names, in order.
    """

    rows: str
    bounds: str
    columns: Mapping[str, str]
    parameters: tuple[str, ...] = ("since", "until")


SAID = "when it was said"
ASKED = "when somebody first asked for an answer in the case"
OPENED = "when the case was opened"
_CAUSE = "Root cause; unknown where no cause was found"
_OF_CASE = "Root cause of the case; unknown where no cause was found"
_PARTIES = "Distinct parties"
_CHANNEL = "Channel of the contact"
_ASKED_BY = "Channel of the first contact that asked"
_VISIBILITY = "Of that contact: public or private"
_SEVERE = "About safety, law, or a vulnerable person"
_WEEK = "Monday on which the week begins, UTC"
_DAY = "Day, UTC"

PARAMETER_VIEWS: dict[str, ParameterView] = {
    "arrivals": ParameterView(
        "week, channel and visibility, of contacts that want an answer",
        SAID,
        {
            "week": _WEEK,
            "channel": _CHANNEL,
            "visibility": _VISIBILITY,
            "contacts": "How many",
            "parties": "Distinct parties that said them",
        },
    ),
    "cases_of_cause": ParameterView(
        "case of the root cause `cause`; those that failed most first",
        OPENED,
        {
            "case_id": "Id of the case",
            "party": "Party that it belongs to today: c: and customer id, or a: and author",
            "state": "new, waiting_for_us, waiting_for_customer, resolved, declined, reopened",
            "severity": "safety, legal_threat, vulnerable; empty for none of them",
            "level": "product, front_line, manager, executive",
            "owner": "Who shall act; empty where nobody is named",
            "channel": "Channel of the first contact that asked, or of the first where nobody asked",
            "opened_at": "Time of the first contact",
            "asked_at": "When somebody asked for an answer first; NULL: nobody did",
            "first_answer_at": "When a person answered first, in whatever channel; NULL: nobody has",
            "ended_at": "Since when it is resolved or declined; NULL while it is neither",
            "contact_count": "Number of contacts",
            "failed_contacts": "Contacts that the company failed",
            "private_attempts": "Private attempts to get an answer before the first public one, or all",
            "went_public_at": "First public contact after a private one that failed; NULL: none",
            "executive_answers": "Answers by executives",
            "goodwill_amounts": "What was given",
            "goodwill_currencies": "Currencies, in the order of goodwill_amounts",
            "contacts": "Mention ids of its first and last 50 contacts",
        },
        ("cause", "since", "until"),
    ),
    "cause_days": ParameterView(
        "day and root cause",
        SAID,
        {"day": _DAY, "cause": _CAUSE, "parties": "Distinct parties that raised it on that day"},
    ),
    "cause_histogram": ParameterView(
        "root cause and number of contacts: parties that are alike in both, of one party in `one_of`, by its hash",
        SAID,
        {
            "cause": "Root cause that comes first in a contact, unknown where none was found; empty: all parties",
            "contacts": "So many contacts each of these parties has",
            "with_cause": "In so many of them this cause comes first; 0 where cause is empty",
            "parties": "So many parties are alike in this",
            "accounts": "Of these, distinct accounts with a contact in which this cause comes first, or any",
        },
        ("since", "until", "one_of"),
    ),
    "channel_waits": ParameterView(
        "channel, cause and severity (`of` is cases), and one for each channel (`of` is parties)",
        ASKED,
        {
            "of": "cases: the columns up to resolution_cases, and cases, hold; parties: those from parties on",
            "channel": _ASKED_BY,
            "visibility": _VISIBILITY,
            "root_cause": _OF_CASE + "; empty in the rows of parties",
            "severe": _SEVERE,
            "answer_hours": "Hours until a person answered, as ends of the bins of waits_in_bins: a list",
            "answer_ended": "How that ended, in this order: 0 not yet, 1 answered, 2 closed, "
            "3 the first contact was deleted, 4 answered in another channel",
            "answer_cases": "How many cases waited so long and ended so, in this order",
            "resolution_hours": "Hours until the case was resolved, likewise",
            "resolution_ended": "How that ended: 0 not yet, 1 resolved, 2 declined, 3 the contact was deleted",
            "resolution_cases": "How many cases were open for so long and ended so",
            "parties": "Distinct parties that asked by this channel; 0 in the rows of cases",
            "cases": "Cases; of a party these are its n",
            "cases_squared": "Sum of n² over the parties",
            "with_it": "Cases that a person answered within 1, 24 and 168 hours; of a party these are its k",
            "with_it_squared": "Sums of k² over the parties, for 1, 24 and 168 hours",
            "crossed": "Sums of nk over the parties, for 1, 24 and 168 hours",
            "hours": "Hours waited, up to 168 for a case; all 168 where nobody answered in that time",
            "hours_squared": "Sum of the square of each case's",
            "hours_of_parties_squared": "Sum of the square of each party's",
            "hours_crossed": "Sum of n times each party's",
        },
    ),
    "channels": ParameterView(
        "channel of the first contact that asked, and its visibility",
        ASKED,
        {
            "channel": _ASKED_BY,
            "visibility": _VISIBILITY,
            "cases": "Cases in which somebody asked",
            "parties": _PARTIES,
            "answered": "Cases that a person answered, by whatever channel",
            "never_answered": "Cases that nobody had answered when observation ended",
            "closed": "Cases that a person closed without an answer",
            "deleted": "Cases of which the first contact was deleted before an answer",
            "answered_elsewhere": "Of those answered, by another channel than the one asked",
            "resolved": "Cases that are resolved",
        },
    ),
    "contacts_by_week": ParameterView(
        "week, channel and visibility, of contacts that want an answer; quicker than `arrivals`",
        SAID,
        {"week": _WEEK, "channel": _CHANNEL, "visibility": _VISIBILITY, "contacts": "How many"},
    ),
    "copies": ParameterView(
        "text that several mentions use, near-copies joined to the earliest",
        SAID,
        {
            "original": "Key of the earliest words, as copy_of of the mentions has it",
            "mentions": "Mentions that use it, both passed on and pasted",
            "parties": "Distinct parties that used it",
            "authors": "Distinct accounts that used it",
            "contacts": "Mentions that are contacts of their own: pasted, not passed on",
            "texts": "Different wordings",
            "first_at": "When it was used first",
            "last_at": "When it was used last",
            "first_mention": "Id of the first mention, of those that are not passed on where there are any",
            "text": "Text of that mention; empty where it was deleted",
        },
    ),
    "deadlines": ParameterView(
        "kind of deadline, channel and source",
        OPENED,
        {
            "family": "promise: set by the company; regulatory: by a regulator",
            "jurisdiction": "Country of a regulatory deadline; else empty",
            "kind": "Which one, by its name in the policy",
            "channel": "Channel of the first contact that asked, or of the first where nobody asked",
            "source": "Source through which that contact came",
            "deadlines": "Deadlines of this kind",
            "met": "Deadlines that were kept",
            "breached": "Deadlines that were not kept",
            "running": "Deadlines that are not decided yet, paused ones as well",
            "running_out": "Of the running, due within 24 hours of the end of observation",
            "withdrawn": "Deadlines that hold no longer",
            "parties": "Distinct parties with a decided deadline, met or breached",
            "parties_breached": "Distinct parties with a breached one",
            "decided": "Deadlines met or breached; of a party these are its n, those met its k",
            "decided_squared": "Sum of n² over the parties",
            "met_squared": "Sum of k² over the parties",
            "decided_met": "Sum of nk over the parties",
        },
    ),
    "escalations": ParameterView(
        "root cause, of cases that began in private and wanted an answer",
        OPENED,
        {
            "root_cause": _OF_CASE,
            "cases": "How many",
            "parties": _PARTIES,
            "parties_failed": "Parties with a contact that the company failed",
            "parties_failed_twice": "Parties with a case in which it failed two or more",
            "parties_went_public": "Parties that went public after a private contact that failed",
            "cases_went_public": "Cases that went public after a private contact that failed",
            "private_attempts": "Private attempts before going public, in the mean; 0 where none did",
            "most_failed": "Failed contacts of the case that has most",
            "parties_at_executives": "Parties whose case came up to the executives",
        },
    ),
    "executives": ParameterView(
        "root cause, of cases that were addressed to executives, came up to them, or were answered by one",
        OPENED,
        {
            "root_cause": _OF_CASE,
            "owner": "Process owner of the cause, as in the newest case",
            "cases": "How many",
            "parties": _PARTIES,
            "answers": "Answers by executives",
            "addressed_to_them": "Cases of which the first contact was addressed to executives",
            "failed_contacts": "Contacts of these cases that the company failed",
        },
    ),
    "fairness": ParameterView(
        "value of reach, mark or segment, within channel, need, cause and severity",
        ASKED,
        {
            "attribute": "reach: most followers ever told of an account; verified: mark on one; segment",
            "value": "Of the attribute; not told where no source told it, none for no segment",
            "channel": _ASKED_BY,
            "need": "What that contact is: complaint, question, ...; empty of cases stored before it was kept",
            "root_cause": _OF_CASE,
            "severe": _SEVERE,
            "parties": "Distinct parties, of which the first case here counts, where it was watched for 24 hours",
            "in_a_day": "Those of them whom a person answered within 24 hours",
        },
    ),
    "goodwill": ParameterView(
        "currency, root cause and visibility",
        OPENED,
        {
            "currency": "ISO 4217, such as EUR",
            "root_cause": _OF_CASE,
            "visibility": "How the case began: public or private",
            "gifts": "How often something was given",
            "parties": "Distinct parties that were given something",
            "total": "Sum of what was given, in units of the currency",
            "middle": "The median gift",
            "largest": "The largest gift",
        },
    ),
    "heard_by_hour": ParameterView(
        "hour and root cause, and one for each hour and source",
        SAID,
        {
            "hour": "Beginning of the hour, UTC",
            "kind": "cause: contacts; source: all that was said to the company but spam",
            "subject": "The root cause, or the source; contacts without a cause are in no row of a cause",
            "said": "How many",
            "parties": "Distinct parties within the hour",
            "complaints": "Those that are a complaint with even odds or more",
            "live": "Those heard as they happened, not imported",
        },
    ),
    "hearing_delays": ParameterView(
        "day and delay, of contacts that were heard as they happened, not imported",
        SAID,
        {
            "day": "Day on which it was said, UTC",
            "days_later": "So many days later the connector saw it; 60 stands for more as well",
            "contacts": "How many",
        },
    ),
    "loudness": ParameterView(
        "root cause, by people and by noise",
        SAID,
        {
            "cause": _CAUSE,
            "parties": "Distinct parties with a contact of their own",
            "posts": "All that was said, also by those who only pass on others' words",
            "copies": "Posts in words that were there already",
            "loudest_share": "Share of posts by the party that said most, 0 to 1",
            "gini": "Gini's measure of inequality: 0 where all say equally much, towards 1 where one says all",
            "effective_parties": "As many equally loud parties would be as concentrated",
            "reach": "Followers of all together; of each party the most that were told in the window",
            "rank_by_parties": "Place by parties; 1 is the cause of most",
            "rank_by_posts": "Place by posts; 1 is the cause of most",
            "moved": "rank_by_posts less rank_by_parties; below 0: noise makes it look larger than it is",
            "posts_each": "Numbers of posts that a party said",
            "parties_so_loud": "So many parties said so much, in the order of posts_each",
        },
    ),
    "outcomes_by_answer": ParameterView(
        "outcome, by cause, severity and segment, and by whether the first case was answered; customers only",
        "when the customer first asked for an answer, in the first case of the window",
        {
            "kind": "csat, repeat_purchase or churn, within 90 days after that",
            "root_cause": "Root cause of that case",
            "severe": _SEVERE,
            "segment": "Segment of the customer; empty where none",
            "answered": "1: a person answered that case",
            "people": "Customers; of csat those who told any",
            "total": "Sum of each customer's value: the mean CSAT; 1 where it bought again, or left, else 0",
            "squares": "Sum of the square of each customer's value",
        },
    ),
    "root_causes": ParameterView(
        "root cause",
        f"{SAID}; for cases, executive_answers and goodwill {OPENED}",
        {
            "cause": _CAUSE,
            "owner": "Process owner, as in the newest contact, or else in the newest case",
            "parties": "Distinct parties with a contact that raises it",
            "customers": "Those of them that are known customers",
            "unmatched_authors": "The others: accounts that are matched to no customer",
            "mentions": "Contacts that raise it; one can raise several causes, and deleted ones keep counting",
            "cases": "Cases of this cause, without superseded ones",
            "all_parties": "Distinct parties with any contact, the same in every row",
            "share": "parties / all_parties, 0 to 1",
            "share_low": "Lower end of its 95 % Wilson interval",
            "share_high": "Upper end of its 95 % Wilson interval",
            "parties_before": "The same as parties in the time of equal length before the window",
            "severe_parties": "Parties with a contact about safety, law, or a vulnerable person",
            "executive_answers": "Answers by executives in these cases",
            "goodwill": "What was given in these cases: a map of currency to sum",
        },
    ),
    "root_causes_by_week": ParameterView(
        "week and root cause",
        SAID,
        {
            "week": _WEEK,
            "cause": _CAUSE,
            "parties": "Distinct parties that raised it in that week",
            "mentions": "Contacts that raise it",
        },
    ),
    "sales_by_day": ParameterView(
        "day with repeat purchases",
        "when the purchase was observed",
        {
            "day": _DAY,
            "purchases": "Repeat purchases",
            "customers": "Distinct customers that bought",
            "amount": "What was spent on them, as the company tells it",
        },
    ),
    "unexplained": ParameterView(
        "complaint that no root cause explains, the oldest first; without deleted ones",
        SAID,
        {
            "mention_id": "Id of the mention",
            "party": "Party that it belongs to today: c: and customer id, or a: and author",
            "text": "What was said",
            "occurred_at": "When it was said, by the source's clock",
        },
    ),
    "vanished": ParameterView(
        "channel, source, queue and owner, of contacts that nobody answered by target and grace",
        SAID,
        {
            "channel": _CHANNEL,
            "source": "Source through which it came",
            "queue": "Queue in which the contact alone would wait",
            "owner": "Owner of the queue, or of the root cause; empty where nobody is named",
            "contacts": "How many",
            "parties": "Distinct parties that said them",
            "asked": "Distinct parties that wanted an answer by this channel in the same time",
            "open": "Contacts that are unanswered still",
            "acknowledged": "Contacts that received an automatic reply, which is no answer",
            "chased": "Contacts after which somebody asked again before anybody answered",
            "oldest_open": "When the oldest was said that is unanswered still; 1970-01-01 where open is 0",
        },
    ),
    "waits_in_bins": ParameterView(
        "event, channel, cause and severity, and bin of the wait",
        ASKED,
        {
            "event": "answer: until a person answered; resolution: until the case was resolved",
            "channel": _ASKED_BY,
            "visibility": _VISIBILITY,
            "root_cause": _OF_CASE,
            "severe": _SEVERE,
            "upper_hours": "End of the bin: of a minute up to 4, 15 minutes to 48, an hour to 336, then a day",
            "happened": "Cases that were answered, or resolved, after so long",
            "competing": "Cases whose wait ended otherwise: closed or declined, or the first contact deleted",
            "censored": "Cases that still waited when observation ended",
            "deleted": "Of the competing, those of which the first contact was deleted",
            "elsewhere": "Of those answered, by another channel than the one asked",
        },
    ),
    "what_we_teach": ParameterView(
        "channel of an answer, channel asked, and channel by which the same party asked next",
        ASKED,
        {
            "answered_by": "Channel of the first answer by a person",
            "asked_by": _ASKED_BY,
            "next_channel": "By which it asked next after the answer, in the window; empty where it did not",
            "cases": "Cases that a person answered",
            "parties": _PARTIES,
        },
    ),
    "what_we_teach_by_party": ParameterView(
        "channel of an answer, with sums over parties for intervals",
        ASKED,
        {
            "answered_by": "Channel of the first answer by a person",
            "parties": "Distinct parties that were answered by it",
            "cases": "Cases that a person answered by it; of a party these are its n",
            "cases_squared": "Sum of n² over the parties",
            "came_back": "Those after whose answer the party asked anew in the window; of a party its k",
            "came_back_squared": "Sum of k² over the parties",
            "cases_came_back": "Sum of nk over the parties",
            "parties_back": "Distinct parties that came back",
            "came_back_same": "Of came_back, by the channel that had answered; of a party its s",
            "came_back_same_squared": "Sum of s² over the parties",
            "came_back_crossed_same": "Sum of ks over the parties",
            "came_back_public": "Of came_back, by a social network, forum or review; of a party its p",
            "came_back_public_squared": "Sum of p² over the parties",
            "came_back_crossed_public": "Sum of kp over the parties",
            "next_channels": "Those of came_back by the channel asked next: a map of channel to cases",
        },
    ),
}
"""View to what it says, by name."""
