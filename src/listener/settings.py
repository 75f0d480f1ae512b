"""Settings: one YAML file, addresses and secrets from the environment, or from a running `listener up`.

Order of precedence for addresses: environment, then `listener.yaml`, then ``endpoints.json`` in the data
directory, which `listener up` writes.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from listener.console_config import ConsoleConfig
from listener.desks import AnyDesk
from listener.destinations import Destination, variables_of
from listener.domain.document import Document, read_document
from listener.domain.erasure import MIN_KEY_BYTES
from listener.domain.errors import UsageError
from listener.domain.mention import Channel
from listener.domain.poison import PoisonRule
from listener.domain.retention import AGED_BY, DEFAULT_DAYS
from listener.domain.topics import DAY_MS, DEFAULT_PARTITIONS, SWEEP_SECONDS, check_overrides, gone_after
from listener.kafka.connection import KafkaConnection, SaslMechanism, SecurityProtocol
from listener.secret_files import with_secret_files
from listener.signature import check_key
from listener.tls import TlsFiles

DEFAULT_DATA_DIR = Path(".listener")
ENDPOINTS_FILE = "endpoints.json"
SECRETS = (
    "KAFKA_SASL_USERNAME",
    "KAFKA_SASL_PASSWORD",
    "KAFKA_SSL_KEY_PASSWORD",
    "CLICKHOUSE_URL",
    "CLICKHOUSE_READER_URL",
    "LISTENER_ERASURE_KEY",
    "LISTENER_CONSOLE_KEY",
)
"""Variables that may be given as a file: `KAFKA_SASL_PASSWORD_FILE` and so on."""
SLUG = r"^[a-z0-9][a-z0-9_-]{0,62}$"
VARIABLE = r"^[A-Z][A-Z0-9_]*$"
"""Name of an environment variable; so that nobody writes the secret itself into the file."""
ANSWERS_KEY_FILE = "answers.key"
"""In the data directory, made by `listener up`: the key of the client `local`, where no client is configured."""


ERASURE_KEY_FILE = "erasure.key"
"""In the data directory, made by `listener up`: the key of the list of erased people, where none is given."""
CONSOLE_KEY_FILE = "console.key"
"""In the data directory, made at the console's first start: what sessions are signed with, where none is given."""
MIN_CONSOLE_KEY_BYTES = 32
LawfulBasis = Literal[
    "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"
]
"""GDPR, article 6(1), (a) to (f)."""


class SourceConfig(BaseModel):
    """One source. Which options there are beside `kind` is the matter of the connector."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str = Field(pattern=SLUG)
    poison: PoisonRule = PoisonRule()
    """How much of it may become dead letters before it pauses."""
    accounts: tuple[str, ...] = ()
    """The company's own accounts there: what they say is an answer, or the company's own words."""
    secrets: dict[str, Annotated[str, Field(pattern=VARIABLE)]] = Field(default_factory=dict)
    """Option to the environment variable that holds it, such as ``password: BLUESKY_PASSWORD``."""
    silence_hours: float | None = Field(default=None, gt=0, le=24 * 366)
    """After so long without a mention an alert is raised; never where None."""
    lawful_basis: LawfulBasis | None = None
    """On what the company bases that it processes what this source brings; told by the doctor and in exports."""
    basis_note: str | None = Field(default=None, max_length=1000)
    """Where that is written down, such as the balancing of interests."""
    consent: str | None = Field(default=None, min_length=1, max_length=100)
    """Lawful basis consent: the purpose by its name in the customer records (`consent`)."""

    @model_validator(mode="after")
    def _consent_has_a_purpose(self) -> Self:
        if (self.lawful_basis == "consent") != (self.consent is not None):
            raise ValueError("lawful_basis consent and the purpose under consent belong together")
        return self

    def options(self) -> dict[str, Any]:
        """What the connector of this kind is to be configured with."""
        return dict(self.model_extra or {})


class SinkConfig(BaseModel):
    """One sink that another package brings. Which options there are beside these is its own matter."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str = Field(pattern=SLUG)
    secrets: dict[str, Annotated[str, Field(pattern=VARIABLE)]] = Field(default_factory=dict)
    """Option to the environment variable that holds it."""

    def options(self) -> dict[str, Any]:
        """What the sink of this kind is to be configured with."""
        return dict(self.model_extra or {})


class KafkaConfig(Document):
    """Kafka, where it is not the embedded one. Secrets come from the environment."""

    bootstrap_servers: str | None = None
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism | None = None
    sasl_username: str | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    partitions: int = Field(default=DEFAULT_PARTITIONS, ge=1, le=1000)
    """Of the author- and party-keyed topics; fixed for an installation that has state."""
    replication_factor: int = Field(default=1, ge=1)
    min_insync_replicas: int | None = Field(default=None, ge=1)
    """How many replicas must have a record before it counts as acknowledged; see `insync`."""
    topic_config: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Topic to Kafka's settings for it, such as ``retention.ms``, over the product's own."""

    @property
    def insync(self) -> int:
        """As configured; else one less than the replicas, so that one broker may be away, and two at most."""
        return self.min_insync_replicas or max(1, min(2, self.replication_factor - 1))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        sasl, tls = self.security_protocol.startswith("SASL"), self.security_protocol.endswith("SSL")
        if not sasl and (self.sasl_mechanism or self.sasl_username):
            raise ValueError(
                f"security_protocol is {self.security_protocol}, which knows no account: set SASL_SSL, or "
                "remove sasl_mechanism and sasl_username"
            )
        if not tls and (self.ssl_cafile or self.ssl_certfile or self.ssl_keyfile):
            raise ValueError(
                f"security_protocol is {self.security_protocol}, which is without TLS: set SSL or SASL_SSL, "
                "or remove ssl_cafile, ssl_certfile and ssl_keyfile"
            )
        if self.ssl_keyfile and not self.ssl_certfile:
            raise ValueError("ssl_keyfile is the key of ssl_certfile, which is not set")
        return self

    @field_validator("topic_config", mode="before")
    @classmethod
    def _figures_are_texts(cls, value: Any) -> Any:
        """Kafka's settings are texts; in YAML nobody writes 604800000 in quotes."""
        if not isinstance(value, dict):
            return value
        return {
            topic: {
                name: json.dumps(given) if isinstance(given, bool | int | float) else given
                for name, given in settings.items()
            }
            if isinstance(settings, dict)
            else settings
            for topic, settings in value.items()
        }

    @field_validator("topic_config")
    @classmethod
    def _topics_can_be_so(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        check_overrides(value)
        return value

    @model_validator(mode="after")
    def _enough_replicas(self) -> Self:
        named = {
            topic: int(settings["min.insync.replicas"])
            for topic, settings in self.topic_config.items()
            if "min.insync.replicas" in settings
        }
        for what, count in (("min_insync_replicas", self.insync), *named.items()):
            if count > self.replication_factor:
                raise ValueError(
                    f"{what}: {count} replicas must have a record, but replication_factor is "
                    f"{self.replication_factor}: nothing could be written"
                )
        return self


class RetentionConfig(Document):
    """How long things are kept, in days, where it is to be otherwise than by default."""

    topics: dict[str, Annotated[float, Field(gt=0, le=3660)]] = Field(default_factory=dict)
    """Topic to days; compacted topics keep the newest value of each key."""
    tables: dict[str, Annotated[int, Field(gt=0, le=3660)]] = Field(default_factory=dict)
    """Table in ClickHouse to days; without end where not given, dead letters 30 days.

    ClickHouse reckons in seconds of 32 bits, which end in 2106: far more days would be in the past.
    """

    @field_validator("tables")
    @classmethod
    def _are_tables(cls, value: dict[str, int]) -> dict[str, int]:
        if unknown := sorted(value.keys() - AGED_BY.keys()):
            raise ValueError(f"{unknown[0]}: rows of {', '.join(AGED_BY)} can be kept for a time")
        return DEFAULT_DAYS | value

    @property
    def of_topics(self) -> dict[str, dict[str, str]]:
        """As Kafka's settings."""
        return {topic: gone_after(round(days * DAY_MS)) for topic, days in self.topics.items()}


class StreamConfig(Document):
    """The stream workers."""

    batch_records: int = Field(default=1000, ge=1, le=100_000)
    batch_wait_seconds: float = Field(default=0.005, gt=0, le=10)
    enrich_apart: bool = True
    """A worker enriches in a process of its own, and so has the use of two processors."""
    session_timeout_seconds: float = Field(default=10.0, ge=6, le=300)
    stall_seconds: float = Field(default=120.0, ge=10, le=3600)
    sweep_seconds: float = Field(default=SWEEP_SECONDS, ge=1, le=86_400)
    """How often compacted topics are kept moving where somebody was erased."""
    health_port: int | None = Field(default=None, ge=1, le=65535)


class MatchingConfig(Document):
    """Who an author may be found to be."""

    mode: Literal["weighed", "exact"] = "weighed"
    """exact: by verified handles, addresses and numbers alone, never by names or other weak agreements."""
    weights: str | None = None
    """Path of the file with what each agreement is worth; those that ship where none is given."""
    references: tuple[str, ...] = ()
    """Regular expressions of the numbers of orders, accounts and contracts, by which a mention names its
    author."""


class ReportsConfig(Document):
    """What reports reckon with and no source tells."""

    handling_minutes: dict[Channel, Annotated[float, Field(gt=0, le=1440)]] = Field(default_factory=dict)
    """Channel to a person's time for one contact; 8 minutes for those that are not named."""


class AnswersClient(Document):
    """Who may tell the company's answers."""

    keys: tuple[Annotated[str, Field(pattern=VARIABLE)], ...] = Field(min_length=1)
    """Environment variables that hold its keys. All are valid: while a key is changed there are two."""


class AnswersConfig(Document):
    """The endpoint that takes answers."""

    clients: dict[Annotated[str, Field(pattern=SLUG)], AnswersClient] = Field(default_factory=dict)

    @property
    def variables(self) -> list[str]:
        """Those that hold keys."""
        return [name for client in self.clients.values() for name in client.keys]


class Config(Document):
    """The file `listener.yaml`, whole."""

    default_phone_region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    policy: str | None = None
    """Path of the policy file; the shipped one where none is given."""
    taxonomy: str | None = None
    """Path of the taxonomy of root causes; the shipped one where none is given."""
    models: str | None = None
    """Path of the directory of trained models; rules alone where none is given."""
    matching: MatchingConfig = MatchingConfig()
    """How authors are matched with customers."""
    kafka: KafkaConfig = KafkaConfig()
    clickhouse_url: str | None = None
    log_mentions: bool = False
    """Whether every stage logs the id of each mention that it has finished."""
    time: Literal["wall", "topic"] = "wall"
    """What time it is to every service: the machine's, or the highest tick on the topic `clock`."""
    stream: StreamConfig = StreamConfig()
    retention: RetentionConfig = RetentionConfig(tables={})
    answers: AnswersConfig = AnswersConfig()
    reports: ReportsConfig = ReportsConfig()
    """What reports reckon with."""
    console: ConsoleConfig = ConsoleConfig()
    alerts_to: dict[Annotated[str, Field(pattern=SLUG)], Destination] = Field(default_factory=dict)
    """Who is told of alerts."""
    desks: dict[Annotated[str, Field(pattern=SLUG)], AnyDesk] = Field(default_factory=dict)
    """Which helpdesks keep tickets for cases."""
    sinks: dict[Annotated[str, Field(pattern=SLUG)], SinkConfig] = Field(default_factory=dict)
    """Sinks that other packages bring."""
    sources: dict[str, SourceConfig] = Field(default_factory=dict)

    @property
    def topic_config(self) -> dict[str, dict[str, str]]:
        """Topic to Kafka's settings, of both sections."""
        kept = self.retention.of_topics
        return {
            name: kept.get(name, {}) | self.kafka.topic_config.get(name, {})
            for name in kept.keys() | self.kafka.topic_config.keys()
        }

    @model_validator(mode="after")
    def _retention_is_said_once(self) -> Self:
        for name in self.retention.topics:
            if "retention.ms" in self.kafka.topic_config.get(name, {}):
                raise ValueError(
                    f"retention.topics.{name}: kafka.topic_config has retention.ms, too: remove one"
                )
        check_overrides(self.topic_config)
        return self


@dataclass(frozen=True)
class Settings:
    """Everything that the commands need to know, checked once.

    Attributes:
        data_dir: where the embedded servers and the workers keep their files.
        config_file: where the configuration was read; None where there is none.
    """

    config: Config
    data_dir: Path
    config_file: Path | None
    environment: Mapping[str, str] = field(repr=False)
    endpoints: Mapping[str, str] = field(repr=False)

    @property
    def kafka(self) -> KafkaConnection:
        """How to reach Kafka.

        Raises:
            UsageError: nothing says where it is, or which account to use where one is needed.
        """
        kafka = self.config.kafka
        servers = self._address("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers, "kafka")
        connection = KafkaConnection(
            bootstrap_servers=servers,
            security_protocol=kafka.security_protocol,
            sasl_mechanism=kafka.sasl_mechanism,
            sasl_username=kafka.sasl_username or self.environment.get("KAFKA_SASL_USERNAME"),
            sasl_password=self.environment.get("KAFKA_SASL_PASSWORD"),
            tls=TlsFiles(
                cafile=self._file(kafka.ssl_cafile),
                certfile=self._file(kafka.ssl_certfile),
                keyfile=self._file(kafka.ssl_keyfile),
                key_password=self.environment.get("KAFKA_SSL_KEY_PASSWORD"),
            ),
        )
        if connection.security_protocol != "PLAINTEXT" and not self.external_kafka:
            raise UsageError(
                f"kafka.security_protocol is {connection.security_protocol}, and the embedded Kafka is without: "
                "set kafka.bootstrap_servers or KAFKA_BOOTSTRAP_SERVERS as well, or remove it"
            )
        if connection.authenticated and not (connection.sasl_username and connection.sasl_password):
            raise UsageError(
                f"kafka.security_protocol is {connection.security_protocol}, which needs an account: set "
                "kafka.sasl_username (or KAFKA_SASL_USERNAME in the environment), and KAFKA_SASL_PASSWORD or "
                "KAFKA_SASL_PASSWORD_FILE in the environment"
            )
        return connection

    @property
    def clickhouse_url(self) -> str:
        """Where ClickHouse is, with an account that may write.

        Raises:
            UsageError: nothing says where it is.
        """
        return self._address("CLICKHOUSE_URL", self.config.clickhouse_url, "clickhouse")

    @property
    def clickhouse_reader_url(self) -> str:
        """Where ClickHouse is, with an account that only reads; the writer's where there is no other.

        Raises:
            UsageError: nothing says where it is.
        """
        reader = self.environment.get("CLICKHOUSE_READER_URL")
        if reader is None and "CLICKHOUSE_URL" not in self.environment and not self.config.clickhouse_url:
            reader = self.endpoints.get("clickhouse_reader")
        return reader or self.clickhouse_url

    def source_secrets(self, name: str) -> dict[str, str]:
        """The secrets of a source, by option.

        Raises:
            UsageError: a variable that the configuration names is not set.
        """
        return {
            option: self._secret(variable, f"sources.{name}.secrets.{option}")
            for option, variable in self.config.sources[name].secrets.items()
        }

    @property
    def erasure_key(self) -> bytes | None:
        """Of the list of erased people: the one given, else the one that `listener up` made; None without any.

        Raises:
            UsageError: it is too short.
        """
        return self._kept_key("LISTENER_ERASURE_KEY", ERASURE_KEY_FILE, MIN_KEY_BYTES)

    @property
    def console_key(self) -> bytes | None:
        """Of the console's sessions: the one given, else the one that its first start made; None without any.

        Raises:
            UsageError: it is too short.
        """
        return self._kept_key("LISTENER_CONSOLE_KEY", CONSOLE_KEY_FILE, MIN_CONSOLE_KEY_BYTES)

    @property
    def oidc_secret(self) -> str:
        """The secret with which the console asks the OpenID provider.

        Raises:
            UsageError: people do not sign in so, or the variable is not set.
        """
        oidc = self.config.console.oidc
        if oidc is None:
            raise UsageError("console.oidc is missing")
        return self._secret(oidc.client_secret, "console.oidc.client_secret")

    @property
    def answers_keys(self) -> dict[str, tuple[str, ...]]:
        """Client to its keys: those configured, else the one that `listener up` made.

        Raises:
            UsageError: there is none, or one is missing or no key; the message never shows one.
        """
        clients = self.config.answers.clients
        if not clients:
            path = self.data_dir / ANSWERS_KEY_FILE
            if not path.exists():
                raise UsageError(
                    "nobody may tell answers: set answers.clients in listener.yaml (see docs/answers.md), or "
                    f"start `listener up`, which makes a first key in {path}"
                )
            return {"local": (_key(read_text(path).strip(), str(path)),)}
        keys = {
            client: tuple(self._client_key(client, name) for name in of.keys)
            for client, of in clients.items()
        }
        every = [key for own in keys.values() for key in own]
        if len(set(every)) < len(every):
            raise UsageError("answers.clients: two keys are the same, so that nobody could tell who sends")
        return keys

    def alert_secrets(self, name: str) -> dict[str, str]:
        """The secrets of a destination of alerts, by option.

        Raises:
            UsageError: a variable that the configuration names is not set, or holds no address or key.
        """
        return self._outgoing_secrets(self.config.alerts_to[name], f"alerts_to.{name}.secrets")

    def desk_secrets(self, name: str) -> dict[str, str]:
        """The secrets of a desk, by option.

        Raises:
            UsageError: a variable that the configuration names is not set, or holds no address or key.
        """
        return self._outgoing_secrets(self.config.desks[name], f"desks.{name}.secrets")

    def sink_secrets(self, name: str) -> dict[str, str]:
        """The secrets of one of `sinks`, by option.

        Raises:
            UsageError: a variable that the configuration names is not set.
        """
        return {
            option: self._secret(variable, f"sinks.{name}.secrets.{option}")
            for option, variable in self.config.sinks[name].secrets.items()
        }

    def _outgoing_secrets(self, configured: Document, where: str) -> dict[str, str]:
        secrets = {
            option: self._secret(variable, f"{where}.{option}")
            for option, variable in variables_of(configured).items()
        }
        if "key" in secrets:
            _key(secrets["key"], f"{where}.key")
        if "url" in secrets and not secrets["url"].startswith(("https://", "http://")):
            raise UsageError(f"{where}.url: the variable holds no address; one begins with https://")
        return secrets

    def _client_key(self, client: str, variable: str) -> str:
        where = f"answers.clients.{client}.keys"
        return _key(self._secret(variable, where), f"{where}: {variable}")

    def _kept_key(self, variable: str, file: str, least_bytes: int) -> bytes | None:
        """A key of the installation: the variable's, else what stands in a file of the data directory."""
        key = self.environment.get(variable)
        path = self.data_dir / file
        if not key and path.exists():
            key = read_text(path).strip()
        if key and len(key.encode()) < least_bytes:
            raise UsageError(f"{variable}: at least {least_bytes} characters are expected")
        return key.encode() if key else None

    def _secret(self, variable: str, setting: str) -> str:
        if not self.environment.get(variable):
            raise UsageError(f"{setting}: {variable} is not set in the environment (nor {variable}_FILE)")
        return self.environment[variable]

    @property
    def external_kafka(self) -> bool:
        """Whether a Kafka is given that is not the embedded one."""
        return bool(self.environment.get("KAFKA_BOOTSTRAP_SERVERS") or self.config.kafka.bootstrap_servers)

    @property
    def external_clickhouse(self) -> bool:
        """Whether a ClickHouse is given that is not the embedded one."""
        return bool(self.environment.get("CLICKHOUSE_URL") or self.config.clickhouse_url)

    @property
    def partitions(self) -> int:
        """Partitions of the author- and party-keyed topics."""
        return self.config.kafka.partitions

    def path(self, relative: str) -> Path:
        """A path of the configuration, relative to the file that names it."""
        return (self.config_file.parent if self.config_file else Path()) / relative

    def _file(self, relative: str | None) -> str | None:
        return str(self.path(relative)) if relative else None

    def _address(self, variable: str, configured: str | None, endpoint: str) -> str:
        found = self.environment.get(variable) or configured or self.endpoints.get(endpoint)
        if found:
            return found
        raise UsageError(
            f"no address for {endpoint}: start `listener up`, or set {variable} "
            f"(looked for {ENDPOINTS_FILE} in {self.data_dir})"
        )


def load_settings(
    config_file: Path | None, data_dir: Path | None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Reads `listener.yaml` (where there is one), the environment and ``endpoints.json``.

    Args:
        config_file: the file; ``LISTENER_CONFIG`` or `listener.yaml` in the working directory where None.
        data_dir: the data directory; ``LISTENER_DATA_DIR`` or ``.listener`` where None.

    Raises:
        UsageError: a file is missing or wrong; the message names file and line.
    """
    environment = with_secret_files(os.environ if environment is None else environment, SECRETS)
    named = config_file or (
        Path(environment["LISTENER_CONFIG"]) if "LISTENER_CONFIG" in environment else None
    )
    path = named or Path("listener.yaml")
    present = named is not None or path.exists()
    config = read_document(Config, read_text(path), str(path)) if present else Config()
    plain = [of.secrets for of in config.sources.values()] + [of.secrets for of in config.sinks.values()]
    named_secrets = [name for secrets in plain for name in secrets.values()]
    outgoing = [*config.alerts_to.values(), *config.desks.values()]
    named_secrets += [name for to in outgoing for name in variables_of(to).values()]
    if config.console.oidc is not None:
        named_secrets.append(config.console.oidc.client_secret)
    environment = with_secret_files(environment, [*named_secrets, *config.answers.variables])
    directory = data_dir or Path(environment.get("LISTENER_DATA_DIR", DEFAULT_DATA_DIR))
    return Settings(
        config=config,
        data_dir=directory.resolve(),
        config_file=path.resolve() if present else None,
        environment=environment,
        endpoints=_read_endpoints(directory / ENDPOINTS_FILE),
    )


def _key(key: str, where: str) -> str:
    try:
        check_key(key)
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None
    return key


def read_text(path: Path) -> str:
    """A UTF-8 text file.

    Raises:
        UsageError: it cannot be read, with why.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{path}: cannot be read: {reason}") from None


def _read_endpoints(path: Path) -> Mapping[str, str]:
    if not path.exists():
        return {}
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{error.lineno}: not JSON; stop `listener up` and start it again") from None
    if not isinstance(value, dict):
        raise UsageError(f"{path}: an object is expected; stop `listener up` and start it again")
    return {str(name): str(address) for name, address in value.items()}
