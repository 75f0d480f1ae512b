"""Whoever lacks a package of an extra is told which extra brings it."""

import sys

import pytest

from listener.cli.extras import extra_of
from listener.cli.main import main

REQUIREMENTS = ["numpy>=2.0", "scipy>=1.15; extra == 'analysis'", 'scikit-learn>=1.7 ; extra == "train"']


@pytest.mark.parametrize(
    ("module", "extra"),
    [("scipy.stats", "analysis"), ("sklearn", "train"), ("numpy", None), ("nowhere", None)],
)
def test_the_extra_of_a_module(module: str, extra: str | None) -> None:
    assert extra_of(module, REQUIREMENTS) == extra


def test_a_command_without_its_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [
        name
        for name in sys.modules
        if name.startswith(("listener.statistics", "listener.reports", "listener.evaluation"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "listener.cli.report_command", raising=False)
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setattr(sys, "argv", ["listener", "evaluate", "fixes", "--seeds", "1"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "pip install 'listener[analysis]'" in capsys.readouterr().err
