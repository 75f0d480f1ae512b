"""Wires the console's pages of the policy."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from listener.console.policy import Trial
from listener.domain.governance import ConfigInForce
from listener.kafka.config_in_force import read_config
from listener.settings import Settings
from stream.triage.policy import SHIPPED, as_yaml, policy_of


class PoliciesInForce:
    """What is in force, and what another policy would change.

    Args:
        now: the installation's time.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now

    def in_force(self) -> Mapping[str, ConfigInForce]:
        """What decides, by name."""
        return read_config(self._settings.kafka)

    def as_yaml(self, content: Mapping[str, Any]) -> str:
        """A policy as people write it."""
        return as_yaml(policy_of(content))

    def examples(self) -> Mapping[str, str]:
        """The policies that ship with Listener."""
        return {name: path.read_text(encoding="utf-8") for name, path in SHIPPED.items()}

    def attempt(self, text: str) -> Trial:
        """What this policy would have changed."""
        from listener.bootstrap_trial import try_policy  # the enrichment takes seconds to load

        return try_policy(self._settings, text, self._now())
