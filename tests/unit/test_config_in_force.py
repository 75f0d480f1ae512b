"""What a worker says is in force: the same for the same files, another hash for others, and no secret."""

from datetime import UTC, datetime
from pathlib import Path

import orjson

from listener.bootstrap_stages import config_in_force
from listener.domain.governance import ConfigInForce
from listener.settings import load_settings
from stream.triage.policy import Policy, default_policy

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def in_force(directory: Path, config: str = "") -> dict[str, ConfigInForce]:
    file = directory / "listener.yaml"
    file.write_text(config)
    settings = load_settings(file, directory / "data", {})
    return {found.name: found for found in config_in_force(settings, NOW)}


def test_the_policy_can_be_read_from_it(tmp_path: Path) -> None:
    found = in_force(tmp_path)
    policy = Policy.model_validate_json(orjson.dumps(found["policy"].content))
    assert policy == default_policy()
    assert found["policy"].hash == policy.hash


def test_the_same_is_the_same_record(tmp_path: Path) -> None:
    assert in_force(tmp_path) == in_force(tmp_path)


def test_settings_that_results_depend_on_change_the_hash_of_the_settings_alone(tmp_path: Path) -> None:
    before, after = in_force(tmp_path), in_force(tmp_path, "default_phone_region: GB\n")
    changed = {name for name in before if before[name].hash != after[name].hash}
    assert changed == {"settings"}
