import json

import pytest

from listener.cli.tables import format_rows

COLUMNS = ("cause", "parties", "share")
ROWS = (("lost, luggage", 12, 0.123456), ("a\nb", 3, 1.0))


def test_a_table_is_aligned_and_rounded() -> None:
    assert format_rows(COLUMNS, ROWS, "table") == (
        "cause          parties  share\nlost, luggage       12  0.123\na b                  3  1.000\n"
    )


def test_csv_keeps_values_and_quotes() -> None:
    assert format_rows(COLUMNS, ROWS, "csv") == (
        'cause,parties,share\n"lost, luggage",12,0.123456\n"a\nb",3,1.0\n'
    )


def test_json_is_a_list_of_objects() -> None:
    assert json.loads(format_rows(COLUMNS, ROWS, "json"))[0] == {
        "cause": "lost, luggage",
        "parties": 12,
        "share": 0.123456,
    }


@pytest.mark.parametrize(("form", "text"), [("table", "cause  parties  share\n"), ("json", "[]\n")])
def test_no_rows(form: str, text: str) -> None:
    assert format_rows(COLUMNS, (), form) == text
