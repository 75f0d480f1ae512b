"""Every report on the simulated company, beside the truth: equal where enrichment and matching are right."""

from collections import Counter, defaultdict
from datetime import date

import numpy as np
import pytest

from listener.reports.answer import Window
from listener.reports.curves import answer_curves
from listener.reports.heard import heard
from listener.reports.mistakes import Mistakes
from listener.reports.reports import REPORTS, report
from listener.reports.weeks import cause_weeks
from listener.statistics.answer_times import SHARES_WITHIN_HOURS
from listener.statistics.checked_parties import CheckedParties
from listener.statistics.confusion import Confusion
from listener.statistics.linkage import LinkageQuality
from listener.statistics.proportion import wilson
from told_company import Company

pytestmark = pytest.mark.clickhouse

NO_CONTACT = ("mention", "copy", "spam")


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_has_rows_and_is_the_same_again(company: Company, name: str) -> None:
    answer = report(name)(company.client, Window())
    assert answer.rows
    assert report(name)(company.client, Window()) == answer


def test_curves_pass_through_the_points_of_the_report(company: Company) -> None:
    curves = {(curve.channel, curve.visibility): curve for curve in answer_curves(company.client, Window())}
    for row in company.report("channels"):
        curve = curves[row["channel"], row["visibility"]]
        assert curve.cases == row["cases"]
        found = dict(zip(curve.hours, curve.shares, strict=True))
        for hours in SHARES_WITHIN_HOURS:
            told = row[f"within_{hours:g}h"]
            assert told is None or found[hours] == pytest.approx(told), row["channel"]


def test_weeks_add_up_and_all_that_was_said_lies_between(company: Company) -> None:
    first, last = heard(company.client) or (None, None)
    said = [truth.occurred_at for truth in company.world.mentions.values()]
    assert (first, last) == (min(said), max(said))
    weeks = cause_weeks(company.client, Window())
    parties = {row["cause"]: row["parties"] for row in company.report("root-causes")}
    assert {week.cause for week in weeks} == {cause for cause, number in parties.items() if number}
    for cause, number in parties.items():
        assert sum(week.parties for week in weeks if week.cause == cause) >= number


def test_root_causes_and_loudness_are_those_of_the_truth(company: Company) -> None:
    parties: dict[str, set[str]] = defaultdict(set)
    contacts: Counter[str] = Counter()
    for truth in company.world.mentions.values():
        if truth.need not in NO_CONTACT:
            parties[truth.root_cause].add(company.parties[truth.author])
            contacts[truth.root_cause] += 1
    rows = company.report("root-causes")
    assert {row["cause"]: row["parties"] for row in rows} == {name: len(who) for name, who in parties.items()}
    assert {row["cause"]: row["mentions"] for row in rows} == contacts
    assert {row["all_parties"] for row in rows} == {len(set().union(*parties.values()))}
    loud = company.report("loudness")
    assert {row["cause"]: row["parties"] for row in loud} == {name: len(who) for name, who in parties.items()}
    passed_on = Counter(t.root_cause for t in company.world.mentions.values() if t.need == "copy")
    assert {row["cause"]: row["posts"] for row in loud} == contacts + passed_on


def test_contacts_are_one_case_where_they_should_be(company: Company) -> None:
    stored = [frozenset(case["contacts"]) for case in company.stored_cases() if case["asked_at"]]
    assert sorted(map(sorted, stored)) == sorted(sorted(case.names) for case in company.cases)


def test_how_a_case_went_is_how_its_matter_truly_went(company: Company) -> None:
    """What left no trace cannot be known: such matters are left out."""
    compared = company.matters()
    assert len(compared) > 0.85 * len(company.world.matters)
    stored = {frozenset(case["contacts"]): case for case in company.stored_cases()}
    for matter, true in compared:
        case = stored[true.names]
        assert case["channel"] == matter.channels[0]
        assert sum(case["goodwill_amounts"]) == sum(given.amount for given in matter.goodwill)
        if true.plain:
            assert case["went_public_at"] == matter.went_public_at
        if not matter.lost_answers:
            assert case["first_answer_at"] == matter.first_answer_at
            assert case["first_answer_channel"] == (matter.first_answer_channel or "")
            assert case["first_answer_level"] == (matter.first_answer_level or "")


def test_money_is_neither_lost_nor_counted_twice(company: Company) -> None:
    true = sum(given.amount for matter in company.world.matters for given in matter.goodwill)
    assert sum(row["total"] for row in company.report("goodwill")) == pytest.approx(true)
    given = [row["goodwill"] for row in company.report("root-causes")]
    assert sum(float(money.split()[0]) for money in given if money) == pytest.approx(true)


def test_public_channels_answer_sooner_as_they_truly_do(company: Company) -> None:
    """The simulated company answers 88 % of what is said in public social media, 30 % of what is in its form."""
    rows = {row["channel"]: row for row in company.report("channels")}
    assert rows["social"]["within_24h_low"] > rows["web_feedback"]["within_24h_high"]
    assert rows["web_feedback"]["never_answered"] > rows["social"]["never_answered"]
    longer, _ = report("channels")(company.client, Window()).words
    assert "in private +" in longer


@pytest.mark.parametrize("people", [None, CheckedParties(2000, 0, 0, 20_000)], ids=["contacts", "people"])
def test_where_no_mistake_is_known_the_true_share_is_the_share(
    company: Company, people: CheckedParties | None
) -> None:
    shares = {row["cause"]: row for row in company.report("root-causes")}
    perfect = Confusion(tuple(shares), np.eye(len(shares), dtype=np.int64) * 1000)
    checked = None if people is None else dict.fromkeys(shares, people)
    mistakes = Mistakes(perfect, LinkageQuality(1000, 0, 0), "with none", checked)
    answer = report("root-causes", mistakes=mistakes)(company.client, Window())
    for row in (dict(zip(answer.columns, values, strict=True)) for values in answer.rows):
        assert row["true_share"] == pytest.approx(row["share"], abs=0.005)
        assert row["true_share_low"] <= row["share"] <= row["true_share_high"]
        assert shares[row["cause"]]["true_share"] is None
    source, *warned = answer.words
    assert source == "true_share: with none."
    assert len(warned) == (people is None)


def test_sales_around_an_incident_are_all_sales(company: Company) -> None:
    answer = report("outcomes", incident=date(2025, 12, 5))(company.client, Window())
    rows = {row[0]: dict(zip(answer.columns, row, strict=True)) for row in answer.rows}
    sold = company.client.execute(
        "SELECT count(), sum(value) FROM current_outcomes WHERE kind = 'repeat_purchase'"
    )
    for figure, total in zip(("purchases", "amount"), sold[0], strict=True):
        row = rows[figure]
        around = row["days_before"] * row["mean_before"] + row["days_after"] * row["mean_after"]
        assert around == pytest.approx(total)
        assert row["verdict"] == "no effect shown"
        assert row["change_low"] <= 0 <= row["change_high"]


def test_intervals_take_the_party_as_the_unit(company: Company) -> None:
    """A party has several cases here: no interval is narrower than with cases taken as independent."""
    for row in company.report("what-we-teach"):
        if not row["answered"]:
            continue
        alone = wilson(row["came_back"], row["answered"])
        assert row["came_back_share_low"] <= alone.low + 1e-9
        assert row["came_back_share_high"] >= alone.high - 1e-9
    for row in company.report("deadlines"):
        if row["met_share"] is not None:
            assert (
                row["met_share_low"] <= row["met"] / (row["met"] + row["breached"]) <= row["met_share_high"]
            )
