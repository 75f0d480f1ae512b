"""Simulated people: reachable nowhere in the real world, and only partly known to the company."""

import re
from datetime import timedelta

import phonenumbers
import pytest

from listener.simulator.people import PHONES, People, record_of
from unit.simulator.worlds import ENDS_AT, settings

PEOPLE = People(settings(customers=30_000, days=30, seed=7))
SOME = [PEOPLE.customer(number) for number in range(3000)]


def test_telephone_numbers_are_of_valid_form_and_reserved_for_fiction() -> None:
    for number in range(0, PHONES, 7):
        phone = PEOPLE.customer(number).phone
        assert phone is not None
        parsed = phonenumbers.parse(phone)
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == phone
        assert phone[5:10] == "55501" or re.fullmatch(r"\+44(207946|11[3-8]496|121496)0\d{3}", phone)


def test_customers_beyond_the_reserved_numbers_have_no_telephone() -> None:
    beyond = [PEOPLE.customer(number) for number in range(PHONES + 1, PHONES + 50)]
    assert {person.phone for person in beyond} == {None}
    assert "phone" not in {person.preferred for person in beyond}


def test_mail_goes_nowhere_and_accounts_are_nobody_elses() -> None:
    mails = [mail for person in SOME for mail in person.emails]
    assert all(mail.endswith(".example.test") for mail in mails)
    assert len(set(mails)) == len(mails)
    accounts = [account.account for person in SOME for account in person.accounts]
    assert len(set(accounts)) == len(accounts)


def test_some_share_a_telephone_some_have_two_accounts_some_change_their_handle() -> None:
    phones = [person.phone for person in SOME]
    assert 50 < len(phones) - len(set(phones)) < 300
    assert 100 < sum(len(person.accounts) == 2 for person in SOME) < 400
    changing = [person for person in SOME if person.accounts[0].later_handle]
    assert 100 < len(changing) < 400
    account = changing[0].accounts[0]
    assert account.handle_at(account.changes_at_ms - 1) == account.handle
    assert account.handle_at(account.changes_at_ms) == account.later_handle


def test_the_database_knows_less_than_there_is() -> None:
    records = [record_of(person, ENDS_AT) for person in SOME]
    assert 0.85 < sum(bool(record.emails) for record in records) / 3000 < 0.98
    known = [{handle.source_kind for handle in record.handles} for record in records]
    assert 0.35 < sum("sim-social" in kinds for kinds in known) / 3000 < 0.55


def test_a_later_record_has_the_newest_handle() -> None:
    person = next(person for person in SOME if person.accounts[0].later_handle)
    later = record_of(person, ENDS_AT + timedelta(days=1), newest_handle=True)
    assert person.accounts[0].later_handle in [handle.handle for handle in later.handles]


def test_strangers_are_in_no_database() -> None:
    stranger = PEOPLE.stranger("somebody")
    assert stranger.customer_id is None
    assert stranger.phone is None
    with pytest.raises(ValueError, match="stranger"):
        record_of(stranger, ENDS_AT)
