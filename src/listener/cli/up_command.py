"""``listener up``: everything on one machine, until Ctrl-C."""

import base64
import dataclasses
import json
import secrets
import signal
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import click

from listener.bootstrap import alert_sink_name, desk_sink_name, own_sink_name, topic_plans
from listener.bootstrap_console import console_key, entrance, sign_in
from listener.bootstrap_stages import load_policy, load_taxonomy
from listener.cli.options import settings_options
from listener.cli.staff_command import staff_key, staff_source
from listener.clickhouse.migrate import migrate
from listener.clickhouse.retention import apply_retention
from listener.connectors.kinds import is_read
from listener.connectors.staff_form import KIND as STAFF_FORM
from listener.connectors.webhook import KIND as WEBHOOK
from listener.desks import can_be_asked
from listener.domain.errors import UsageError
from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import LOOPBACK, require_free_port
from listener.embedded.process import ChildProcess, DirectoryLock
from listener.embedded.supervisor import Supervised, Supervisor
from listener.kafka.admin import TopicAdmin
from listener.logs import configure_logs
from listener.secret_files import write_privately
from listener.settings import ANSWERS_KEY_FILE, DEFAULT_DATA_DIR, ENDPOINTS_FILE, ERASURE_KEY_FILE, Settings
from listener.signature import PREFIX, Keyring

HEALTH_PORT = 8100
"""The first worker's; those of the other workers and services follow."""
SINK, FORM, ANSWERS, WEBHOOKS, CONNECTORS = "sink clickhouse", "form", "answers", "webhooks", "connectors"
STAFF, CONSOLE, DESK_ANSWERS, WATCH = "staff", "console", "desk-answers", "watch"
WORKER_READY_SECONDS = 120.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Ports:
    """Where things listen on this machine."""

    kafka: int
    clickhouse: int
    form: int
    answers: int
    webhooks: int
    staff: int
    console: int
    health: int
    kafka_advertised: int | None = None
    clickhouse_advertised: int | None = None

    def health_pages(self, workers: int, services: Iterable[str]) -> dict[str, int]:
        """Service to the port of its health page: the workers' come first, the others follow."""
        names = [*(f"worker {number}" for number in range(1, workers + 1)), *services]
        return {name: self.health + number for number, name in enumerate(names)}


@click.command()
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=1,
    show_default=True,
    help="Stream workers; with 0 start them yourself.",
)
@click.option(
    "--simulate/--no-simulate", default=False, show_default=True, help="Let a simulated company speak."
)
@click.option(
    "--customers", type=click.IntRange(1), default=500, show_default=True, help="Of the simulated company."
)
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="Of simulated history.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulated company.")
@click.option("--kafka-port", type=click.IntRange(1, 65535), default=9092, show_default=True)
@click.option("--clickhouse-port", type=click.IntRange(1, 65535), default=9000, show_default=True)
@click.option("--form-port", type=click.IntRange(1, 65535), default=8090, show_default=True)
@click.option("--answers-port", type=click.IntRange(1, 65535), default=8091, show_default=True)
@click.option("--webhooks-port", type=click.IntRange(1, 65535), default=8092, show_default=True)
@click.option("--staff-port", type=click.IntRange(1, 65535), default=8093, show_default=True)
@click.option("--console-port", type=click.IntRange(1, 65535), default=8094, show_default=True)
@click.option("--health-port", type=click.IntRange(1, 65000), default=HEALTH_PORT, show_default=True)
@click.option(
    "--kafka-advertised-port",
    type=click.IntRange(1, 65535),
    help="Where clients are told to find Kafka, if a proxy or a tunnel stands in between.",
)
@click.option(
    "--clickhouse-advertised-port",
    type=click.IntRange(1, 65535),
    help="The same for ClickHouse.",
)
@settings_options
def command(
    settings: Settings,
    workers: int,
    simulate: bool,
    customers: int,
    days: int,
    seed: int,
    kafka_port: int,
    clickhouse_port: int,
    form_port: int,
    answers_port: int,
    webhooks_port: int,
    staff_port: int,
    console_port: int,
    health_port: int,
    kafka_advertised_port: int | None,
    clickhouse_advertised_port: int | None,
) -> None:
    """Run everything on this machine until Ctrl-C: Kafka, ClickHouse, a stream worker, the sink, the console,
    the form, and the endpoint that takes answers.

    Where KAFKA_BOOTSTRAP_SERVERS or CLICKHOUSE_URL are set, those are used instead of the embedded ones. What
    was stored is there again at the next start.

    \b
    Example:
      listener up --simulate
      listener up --no-simulate --workers 2 --data-dir /var/lib/listener
    """
    configure_logs()
    load_policy(settings)  # a mistake in them is told at once, not in a worker's log
    load_taxonomy(settings)
    _first_answers_key(settings)
    _first_erasure_key(settings)
    Keyring(settings.answers_keys)
    if any(source.kind == STAFF_FORM for source in settings.config.sources.values()):
        staff_key(settings, staff_source(settings.config, None)[0], LOOPBACK)
    key = console_key(settings)
    sign_in(settings, key, "")
    for destination in settings.config.alerts_to:
        settings.alert_secrets(destination)
    for desk in settings.config.desks:
        settings.desk_secrets(desk)
    ports = Ports(
        kafka_port,
        clickhouse_port,
        form_port,
        answers_port,
        webhooks_port,
        staff_port,
        console_port,
        health_port,
        kafka_advertised_port,
        clickhouse_advertised_port,
    )
    pages = ports.health_pages(workers, _other_services(settings))
    stop = Event()
    with DirectoryLock(settings.data_dir, "listener up"):
        supervisor = Supervisor(_say)
        try:
            with _interrupted_by_signals():  # a start may wait for minutes
                _start(settings, supervisor, ports, pages, (customers, days, seed) if simulate else None)
            for number in SIGNALS:
                signal.signal(number, lambda *_: stop.set())
            _say(_welcome(settings, ports, pages, simulate, entrance(settings, key)))
            supervisor.watch(stop)
        except KeyboardInterrupt:
            pass
        finally:
            for number in SIGNALS:
                signal.signal(number, lambda *_: stop.set())  # what is being stopped is not left halfway
            _say("stopping ...")
            supervisor.stop()
            _endpoints_file(settings).unlink(missing_ok=True)
    _say("stopped")


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, interrupt)
    yield


def _start(
    settings: Settings,
    supervisor: Supervisor,
    ports: Ports,
    pages: Mapping[str, int],
    company: tuple[int, int, int] | None,
) -> None:
    endpoints: dict[str, str] = {}
    require_free_port(ports.form, "the feedback form (--form-port)")
    require_free_port(ports.console, "the console (--console-port)")
    require_free_port(ports.answers, "the endpoint for answers (--answers-port)")
    if WEBHOOKS in pages:
        require_free_port(ports.webhooks, "the endpoint of webhook sources (--webhooks-port)")
    if STAFF in pages:
        require_free_port(ports.staff, "the form of the staff (--staff-port)")
    for name, port in pages.items():
        require_free_port(port, f"the health page of {name} (--health-port)")
    if not settings.external_kafka:
        kafka = KafkaServer(settings.data_dir / "kafka", ports.kafka, advertised_port=ports.kafka_advertised)
        _say("starting Kafka ...")
        supervisor.start([Supervised("Kafka", kafka, kafka.wait_ready, stop_seconds=30)])
        endpoints["kafka"] = kafka.bootstrap_servers
    if not settings.external_clickhouse:
        _say("starting ClickHouse ...")
        writer, reader = _passwords(settings.data_dir / "clickhouse.passwords")
        clickhouse = ClickHouseServer(
            settings.data_dir / "clickhouse",
            ports.clickhouse,
            writer,
            reader,
            advertised_port=ports.clickhouse_advertised,
        )
        supervisor.start([Supervised("ClickHouse", clickhouse, clickhouse.wait_ready, stop_seconds=30)])
        endpoints["clickhouse"] = clickhouse.url
        endpoints["clickhouse_reader"] = clickhouse.reader_url
    write_privately(_endpoints_file(settings), json.dumps(endpoints, indent=2))
    known = dataclasses.replace(settings, endpoints=endpoints)
    with TopicAdmin(known.kafka) as admin:
        admin.create(topic_plans(known))
    migrate(known.clickhouse_url)
    apply_retention(known.clickhouse_url, known.config.retention.tables)
    supervisor.start(list(_services(known, ports, pages, company)))


def _services(
    settings: Settings, ports: Ports, pages: Mapping[str, int], company: tuple[int, int, int] | None
) -> Iterator[Supervised]:
    def service(name: str, *words: str, awaited: bool = False) -> Supervised:
        argv = [sys.executable, "-m", "listener", *words, "--data-dir", str(settings.data_dir)]
        if settings.config_file is not None:
            argv += ["--config", str(settings.config_file)]
        if name in pages:
            argv += ["--health-port", str(pages[name])]
        child = ChildProcess(name, argv, log_path=settings.data_dir / "log" / f"{name.replace(' ', '-')}.log")
        if not awaited:
            return Supervised(name, child)
        port, seconds = pages[name], WORKER_READY_SECONDS
        return Supervised(
            name, child, lambda: child.wait_until(lambda: _is_ready(port), seconds, "to be ready")
        )

    if company is not None:
        options = ("--customers", "--days", "--seed")
        words = [word for pair in zip(options, map(str, company), strict=True) for word in pair]
        yield service("simulation", "simulate", "--publish", *words)
    yield service(SINK, "sink", "clickhouse")
    for destination in settings.config.alerts_to:
        name = alert_sink_name(destination)
        yield service(f"sink {name}", "sink", name)
    for desk, of in settings.config.desks.items():
        name = desk_sink_name(desk)
        yield service(f"sink {name}", "sink", name)
        if can_be_asked(of):
            yield service(f"{DESK_ANSWERS} {desk}", DESK_ANSWERS, desk)
    for own in settings.config.sinks:
        name = own_sink_name(own)
        yield service(f"sink {name}", "sink", name)
    yield service(CONSOLE, "console", "--port", str(ports.console))
    for name in pages:
        kind, _, number = name.partition(" ")
        if kind == "worker":
            yield service(name, "stream", "--worker", number, awaited=True)
    yield service(FORM, "form", "--port", str(ports.form))
    yield service(ANSWERS, "answers", "--port", str(ports.answers))
    if WEBHOOKS in pages:
        yield service(WEBHOOKS, "webhooks", "--port", str(ports.webhooks))
    if STAFF in pages:
        yield service(STAFF, "staff", "--port", str(ports.staff))
    if CONNECTORS in pages:
        yield service(CONNECTORS, "connect")
    yield service(WATCH, "watch")


def _other_services(settings: Settings) -> list[str]:
    """What runs beside the workers and has a health page."""
    kinds = {source.kind for source in settings.config.sources.values()}
    told = [WEBHOOKS] if WEBHOOK in kinds else []
    told += [STAFF] if STAFF_FORM in kinds else []
    reads = [CONNECTORS] if any(map(is_read, kinds)) else []
    alerts = [f"sink {alert_sink_name(destination)}" for destination in settings.config.alerts_to]
    desks = [f"sink {desk_sink_name(desk)}" for desk in settings.config.desks]
    desks += [f"{DESK_ANSWERS} {desk}" for desk, of in settings.config.desks.items() if can_be_asked(of)]
    own = [f"sink {own_sink_name(name)}" for name in settings.config.sinks]
    return [SINK, FORM, ANSWERS, CONSOLE, WATCH, *told, *reads, *alerts, *desks, *own]


def _is_ready(port: int) -> bool:
    """Whether a worker has its partitions, its tables and all customers."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=2):  # ours
            return True
    except OSError:
        return False


def _passwords(path: Path) -> tuple[str, str]:
    """Those of the writer and the reader, made at the first start."""
    if not path.exists():
        write_privately(path, f"{secrets.token_urlsafe(18)}\n{secrets.token_urlsafe(18)}\n")
    words = path.read_text().split()
    if len(words) != 2:
        raise UsageError(
            f"{path}: two passwords are expected, one a line; remove the file to have new ones made"
        )
    return words[0], words[1]


def _first_answers_key(settings: Settings) -> None:
    """Makes a key at the first start where no client is configured, so that answers can be tried at once."""
    path = settings.data_dir / ANSWERS_KEY_FILE
    if not settings.config.answers.clients and not path.exists():
        write_privately(path, f"{PREFIX}{base64.b64encode(secrets.token_bytes(32)).decode()}\n")


def _first_erasure_key(settings: Settings) -> None:
    """Makes one at the first start. Whoever loses it has those back who were erased."""
    if settings.erasure_key is None:
        write_privately(settings.data_dir / ERASURE_KEY_FILE, f"{secrets.token_urlsafe(32)}\n")


def _endpoints_file(settings: Settings) -> Path:
    return settings.data_dir / ENDPOINTS_FILE


def _say(text: str) -> None:
    click.echo(text, err=True)


def _welcome(settings: Settings, ports: Ports, pages: Mapping[str, int], simulate: bool, way_in: str) -> str:
    accounts = _endpoints_file(settings)
    kafka = "that of KAFKA_BOOTSTRAP_SERVERS" if settings.external_kafka else f"{LOOPBACK}:{ports.kafka}"
    clickhouse = f"{LOOPBACK}:{ports.clickhouse}, its accounts are in {accounts}"
    if settings.external_clickhouse:
        clickhouse = "that of CLICKHOUSE_URL"
    program = str(Path(sys.executable).with_name("listener"))
    here = f"{Path.cwd()}/"
    program = program.removeprefix(here)
    where = "" if settings.data_dir == DEFAULT_DATA_DIR.resolve() else f" --data-dir {settings.data_dir}"
    if simulate:
        invitation = f"{program} report root-causes{where}"
        meaning = "what troubles most customers"
    else:
        invitation = f"{program} import FILE.csv --source NAME{where}"
        meaning = "a file of mentions; --help shows how columns are mapped"
    indent = "\n" + " " * 19
    keys = "signed by the clients of listener.yaml"
    if not settings.config.answers.clients:
        keys = f"signed with the key in {settings.data_dir / ANSWERS_KEY_FILE}"
    told = ""
    if WEBHOOKS in pages:
        told = f"\n  webhooks         POST http://{LOOPBACK}:{ports.webhooks}/mentions/SOURCE, signed with its key"
    if STAFF in pages:
        told += f"\n  staff form       http://{LOOPBACK}:{ports.staff}/"
    health = indent.join(f"http://{LOOPBACK}:{port}/readyz  {name}" for name, port in pages.items())
    return f"""
Listener is running. Stop it with Ctrl-C.

  console          http://{LOOPBACK}:{ports.console}/{way_in}

  Kafka            {kafka}
  ClickHouse       {clickhouse}
  feedback form    http://{LOOPBACK}:{ports.form}/
  answers          POST http://{LOOPBACK}:{ports.answers}/responses, {keys}{told}
  health           {health}
                   and at /metrics of each, what Prometheus reads
  logs             {settings.data_dir / "log"}

Open the address of the console in a browser: it lets you in. Try next, in another terminal:

  {invitation}
      {meaning}
  {program} doctor{where}
      is everything well, is anything waiting
  open http://{LOOPBACK}:{ports.form}/ in a browser
      and write what a customer would write
"""
