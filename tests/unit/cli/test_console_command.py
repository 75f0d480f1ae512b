import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from listener.bootstrap_console import console_key, sign_in
from listener.cli.console_command import command
from listener.domain.errors import UsageError
from listener.settings import CONSOLE_KEY_FILE, load_settings

OIDC = """
console:
  sign_in: oidc
  public_url: https://listener.example.org
  oidc: {issuer: https://id.example.org, client_id: listener, client_secret: LISTENER_OIDC_SECRET}
  roles: [{role: admin, people: [ana@example.org]}]
"""


def run(tmp_path: Path, *words: str, config: str = "") -> str:
    file = tmp_path / "listener.yaml"
    file.write_text(config)
    argv = [*words, "--config", str(file), "--data-dir", str(tmp_path)]
    done = CliRunner().invoke(command, argv, catch_exceptions=False, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.output


def test_the_address_stays_the_same_until_the_key_is_another(tmp_path: Path) -> None:
    first = run(tmp_path, "--print-address")
    assert first.startswith("http://127.0.0.1:8094/sign-in?token=")
    assert run(tmp_path, "--print-address") == first
    key = tmp_path / CONSOLE_KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().strip() not in first
    key.unlink()
    assert run(tmp_path, "--print-address") != first


def test_who_signs_in_otherwise_needs_no_token(tmp_path: Path) -> None:
    assert run(tmp_path, "--print-address", config=OIDC) == "https://listener.example.org/\n"


def test_the_printed_address_is_for_this_machine_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="for this machine alone"):
        run(tmp_path, "--host", "0.0.0.0")
    with pytest.raises(UsageError, match="for this machine alone"):
        run(tmp_path, "--host", "0.0.0.0", config="console: {public_url: 'https://listener.example.org'}")
    with pytest.raises(UsageError, match="no address for kafka"):  # nothing else stands in the way
        run(tmp_path, "--host", "0.0.0.0", config="console: {public_url: 'http://127.0.0.1:8094'}")


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    settings = load_settings(None, tmp_path, {"LISTENER_CONSOLE_KEY": "short"})
    with pytest.raises(UsageError, match="at least 32"):
        console_key(settings)


def test_a_secret_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "listener.yaml").write_text(OIDC)
    settings = load_settings(tmp_path / "listener.yaml", tmp_path, {})
    with pytest.raises(UsageError, match="LISTENER_OIDC_SECRET is not set"):
        sign_in(settings, b"k" * 32, "me")
