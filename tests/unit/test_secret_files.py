"""Secrets that stand in files."""

from pathlib import Path

import pytest

from listener.domain.errors import UsageError
from listener.secret_files import with_secret_files


def test_the_file_is_the_value_without_its_end_of_line(tmp_path: Path) -> None:
    for number, (content, value) in enumerate(
        [
            (b"hush\n", "hush"),
            (b"hush\r\n", "hush"),
            (b" hush \n\n", " hush \n"),
            ("gehüte".encode(), "gehüte"),
        ]
    ):
        file = tmp_path / str(number)
        file.write_bytes(content)
        found = with_secret_files({"PASSWORD_FILE": str(file), "OTHER_FILE": "none"}, ["PASSWORD", "UNSET"])
        assert found == {"PASSWORD_FILE": str(file), "OTHER_FILE": "none", "PASSWORD": value}


def test_what_is_wrong_is_told_without_the_value(tmp_path: Path) -> None:
    file, empty, binary = tmp_path / "file", tmp_path / "empty", tmp_path / "binary"
    file.write_text("hush")
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe")
    cases = {
        "both PASSWORD and PASSWORD_FILE": {"PASSWORD": "hush", "PASSWORD_FILE": str(file)},
        "PASSWORD_FILE: .*none cannot be read": {"PASSWORD_FILE": str(tmp_path / "none")},
        "PASSWORD_FILE: .*empty is empty": {"PASSWORD_FILE": str(empty)},
        "PASSWORD_FILE: .*binary cannot be read: not UTF-8": {"PASSWORD_FILE": str(binary)},
    }
    for words, environment in cases.items():
        with pytest.raises(UsageError, match=words) as raised:
            with_secret_files(environment, ["PASSWORD"])
        assert "hush" not in str(raised.value)
