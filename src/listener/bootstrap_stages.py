"""Wires the stages: for the stream workers, and for whoever computes the same without Kafka.

Apart from `bootstrap`, since language models, word lists and Faust take seconds to load.
"""

import gc
import logging
import time
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

import faust

from listener.bootstrap import installation_time, send_fix, topic_plans
from listener.domain.contract import format_utc
from listener.domain.enriched import NO_CAUSE
from listener.domain.erasure import Erasures
from listener.domain.errors import UsageError
from listener.domain.governance import ConfigInForce, Fix
from listener.domain.ids import digest
from listener.embedded.process import DirectoryLock
from listener.kafka.admin import TopicAdmin
from listener.kafka.config_in_force import announce_config
from listener.kafka.erasures import followed_erasures
from listener.metrics import NOW
from listener.models.in_use import ModelsInUse
from listener.settings import Settings, read_text
from stream.app import MakeSender, WorkerOptions, build_app
from stream.enriching_process import GARBAGE_THRESHOLDS, EnrichingProcess
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.match_rules import MatchRules, read_weights
from stream.enrichment.pipeline import Enricher
from stream.enrichment.references import References
from stream.enrichment.taxonomy import Taxonomy, check_cause, default_taxonomy, read_taxonomy
from stream.ledger.ledger import Ledger
from stream.ledger.prepare_apart import PrepareApart
from stream.levels import Levels
from stream.reliability import end_process
from stream.send import Sender
from stream.table import forget_old_copies
from stream.triage.policy import Policy, default_policy, read_policy
from stream.triage.triage import Triage

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stages:
    """What a worker, or an offline run, computes with."""

    customers: CustomerIndex
    ledger: Ledger
    triage: Triage
    levels: Levels


def build_stages(
    settings: Settings,
    erasures: Erasures | None = None,
    models: ModelsInUse | None = None,
    *,
    enriches: bool = True,
) -> Stages:
    """All stages with the configured taxonomy and policy.

    Args:
        erasures: whose words are passed over; nobody's where None.
        models: that are in use; None for rules alone.
        enriches: whether the ledger itself does; else it has no use for models.

    Raises:
        UsageError: a file is missing or wrong, with file and line; a model does not fit the taxonomy.
    """
    region = settings.config.default_phone_region
    customers = CustomerIndex(region, load_match_rules(settings))
    references = References(settings.config.matching.references)
    policy = load_policy(settings)
    enricher = Enricher(_taxonomy_in_force(settings, policy), models) if enriches else None
    return Stages(
        customers=customers,
        ledger=Ledger(enricher, customers, region, erasures, references),
        triage=Triage(policy, customers, erasures),
        levels=Levels(policy),
    )


def load_policy(settings: Settings) -> Policy:
    """The configured policy, or the shipped one.

    Raises:
        UsageError: it is missing or wrong, with file and line.
    """
    named = settings.config.policy
    return read_policy(settings.path(named)) if named else default_policy()


def load_match_rules(settings: Settings) -> MatchRules:
    """How authors are matched, as configured.

    Raises:
        UsageError: the file with the weights is missing or wrong, with file and line.
    """
    matching = settings.config.matching
    if matching.weights is None:
        return MatchRules(mode=matching.mode)
    path = settings.path(matching.weights)
    return MatchRules(mode=matching.mode, weights=read_weights(read_text(path), str(path)))


def load_taxonomy(settings: Settings) -> Taxonomy:
    """The configured taxonomy of root causes, or the shipped one.

    Raises:
        UsageError: it is missing or wrong, with file and line.
    """
    named = settings.config.taxonomy
    if not named:
        return default_taxonomy()
    path = settings.path(named)
    return read_taxonomy(read_text(path), str(path))


def _taxonomy_in_force(settings: Settings, policy: Policy) -> Taxonomy:
    return load_taxonomy(settings).with_severity_words(policy.severity_words)


def load_models(settings: Settings) -> ModelsInUse | None:
    """The configured directory of models, those in use loaded; None where none is configured.

    Raises:
        UsageError: there is no such directory, or a model cannot be read.
    """
    named = settings.config.models
    return ModelsInUse(settings.path(named)) if named else None


def declare_fix(settings: Settings, cause: str, by: str, description: str, at: datetime | None) -> Fix:
    """Publishes that a person declares a root cause fixed, and that they did; returns once the broker has both.

    The same cause fixed at the same time is the same fix: said again, the last words hold.

    Args:
        at: from when on it should work; now where None.

    Raises:
        UsageError: the taxonomy in force has no such root cause.
        ServiceError: Kafka is not there.
    """
    if cause == NO_CAUSE:
        raise UsageError(f"{cause}: what no root cause explains cannot be fixed; name one of the taxonomy")
    check_cause(cause, load_taxonomy(settings))
    now = installation_time(settings)()
    effective = at or now
    fix = Fix(
        fix_id=digest("fix", cause, format_utc(effective)),
        root_cause=cause,
        effective_at=effective,
        by=by,
        description=description,
        declared_at=now,
    )
    send_fix(settings, fix)
    return fix


def config_in_force(settings: Settings, at: datetime) -> list[ConfigInForce]:
    """What decides in this installation: policy, taxonomy, and the settings that results depend on.

    Raises:
        UsageError: a file is missing or wrong, with file and line.
    """
    policy, taxonomy = load_policy(settings), load_taxonomy(settings)
    chosen: dict[str, Any] = {
        "partitions": settings.partitions,
        "time": settings.config.time,
        "default_phone_region": settings.config.default_phone_region,
        "matching": load_match_rules(settings).version,
    }
    return [
        ConfigInForce(name="policy", hash=policy.hash, content=policy.model_dump(mode="json"), at=at),
        ConfigInForce(
            name="taxonomy", hash=taxonomy.version, content=taxonomy.model_dump(mode="json"), at=at
        ),
        ConfigInForce(name="settings", hash=digest(repr(chosen))[:16], content=chosen, at=at),
    ]


def run_stream_worker(
    settings: Settings,
    worker: str,
    health_port: int | None,
    health_host: str = "127.0.0.1",
    *,
    make_sender: MakeSender = Sender,
) -> None:
    """Runs one stream worker in this process until it is told to stop.

    Args:
        worker: name of its directory.
        make_sender: makes its way out to Kafka.

    Raises:
        UsageError: the configuration is wrong, or another worker uses the directory.
        ServiceError: Kafka is not there.
    """
    plans = topic_plans(settings)
    with TopicAdmin(settings.kafka) as admin:
        admin.create(plans)
        differences = admin.differences(plans)
    if fatal := [str(difference) for difference in differences if difference.kind == "partitions"]:
        raise UsageError("\n".join(fatal))
    for difference in differences:
        log.warning("%s", difference)
    erasures = followed_erasures(settings.kafka, settings.erasure_key, Event())
    stages, prepare_ledger = _worker_stages(settings, erasures)
    now = installation_time(settings)
    if new := announce_config(settings.kafka, config_in_force(settings, now())):
        log.info("in force from now on: %s", ", ".join(new))
    NOW.set_function(lambda: now().timestamp())
    stream = settings.config.stream
    directory = settings.data_dir / "stream" / worker
    with DirectoryLock(directory, "a stream worker"):
        if removed := forget_old_copies(directory, time.time()):
            log.info("rebuilt from their changelogs: %s", ", ".join(removed))
        app = build_app(
            settings.kafka,
            WorkerOptions(
                data_dir=directory,
                partitions=settings.partitions,
                replication_factor=settings.config.kafka.replication_factor,
                session_timeout_seconds=stream.session_timeout_seconds,
                batch_records=stream.batch_records,
                batch_wait_seconds=stream.batch_wait_seconds,
                stall_seconds=stream.stall_seconds,
                sweep_seconds=stream.sweep_seconds,
                health_host=health_host,
                health_port=health_port or stream.health_port,
                poison={name: source.poison for name, source in settings.config.sources.items()},
            ),
            stages.ledger,
            stages.triage,
            stages.levels,
            stages.customers,
            now,
            make_sender,
            load_policy(settings),
            erasures,
            prepare_ledger,
        )
        log.info(
            "worker=%s policy=%s taxonomy=%s",
            worker,
            load_policy(settings).hash,
            load_taxonomy(settings).version,
        )
        gc.freeze()  # what is there now stays: models, word lists, code
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        faust.Worker(
            app, loglevel=None, quiet=True, override_logging=False, redirect_stdouts=False
        ).execute_from_commandline()


def _worker_stages(settings: Settings, erasures: Erasures) -> tuple[Stages, PrepareApart | None]:
    """The stages, and what prepares for the ledger where it does not do so itself."""
    if settings.config.stream.enrich_apart:
        named, policy = settings.config.models, load_policy(settings)
        process = EnrichingProcess(
            _taxonomy_in_force(settings, policy), settings.path(named) if named else None, end_process
        )
        stages = build_stages(settings, erasures, enriches=False)  # while the process loads what it needs
        process.await_ready()
        return stages, PrepareApart(stages.ledger, process)
    models = load_models(settings)
    stages = build_stages(settings, erasures, models)
    if models is not None:
        models.follow(Event())
    return stages, None
