"""The program as a process: how it ends when its output cannot be written, or on Ctrl-C."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, field_serializer

from listener.cli import main

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
def test_output_without_room_ends_with_a_sentence() -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "listener", "enrich"],
            input=b'{"text": "Still waiting for my refund!"}',
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.decode() == "Error: the output could not be written: No space left on device\n"


class _Interrupted(BaseModel):
    at: int = 0

    @field_serializer("at")
    def _write(self, at: int) -> int:
        raise KeyboardInterrupt


def test_ctrl_c_while_a_value_is_written_is_told_as_any_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main.listener, "main", lambda **_: _Interrupted().model_dump_json())
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "stopped\n"
