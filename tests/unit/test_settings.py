"""Settings: where addresses come from, and what a wrong file is told."""

import base64
import dataclasses
import json
from pathlib import Path

import pytest

from listener.bootstrap import topic_plans
from listener.domain.errors import UsageError
from listener.settings import Settings, load_settings


def load(tmp_path: Path, text: str = "", **environment: str) -> Settings:
    file = tmp_path / "listener.yaml"
    file.write_text(text)
    return load_settings(file, tmp_path / "data", environment)


def test_environment_goes_before_the_file_and_the_file_before_a_running_listener_up(tmp_path: Path) -> None:
    file, data = tmp_path / "listener.yaml", tmp_path / "data"
    data.mkdir()
    endpoints = {
        "kafka": "here:1",
        "clickhouse": "clickhouse://w@here",
        "clickhouse_reader": "clickhouse://r@here",
    }
    (data / "endpoints.json").write_text(json.dumps(endpoints))
    settings = load_settings(None, data, {})
    assert settings.kafka.bootstrap_servers == "here:1"
    assert settings.clickhouse_reader_url == "clickhouse://r@here"
    assert not settings.external_kafka
    file.write_text("kafka:\n  bootstrap_servers: file:1\n")
    assert load_settings(file, data, {}).kafka.bootstrap_servers == "file:1"
    settings = load_settings(
        file, data, {"KAFKA_BOOTSTRAP_SERVERS": "env:1", "CLICKHOUSE_URL": "clickhouse://e"}
    )
    assert settings.kafka.bootstrap_servers == "env:1"
    assert settings.clickhouse_url == settings.clickhouse_reader_url == "clickhouse://e"
    assert settings.external_kafka
    assert settings.external_clickhouse


def test_without_any_address_it_says_what_to_do(tmp_path: Path) -> None:
    settings = load_settings(None, tmp_path, {})
    with pytest.raises(UsageError, match=r"listener up.*KAFKA_BOOTSTRAP_SERVERS"):
        _ = settings.kafka


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = load_settings(
        None, tmp_path, {"KAFKA_BOOTSTRAP_SERVERS": "a:1", "KAFKA_SASL_PASSWORD": "hush"}
    )
    assert "hush" not in repr(settings)
    assert "hush" not in repr(settings.kafka)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kafka:\n  partitions: 0\n", r"listener\.yaml:2: kafka\.partitions:"),
        ("kafka:\n  bootstrap: x\n", r"listener\.yaml:2: kafka\.bootstrap:"),
        ("sources:\n  a:\n    kind: RSS!\n", r"listener\.yaml:3: sources\.a\.kind:"),
        ("kafka:\n  sasl_mechanism: GSSAPI\n", r"listener\.yaml:2: kafka\.sasl_mechanism: .*SCRAM-SHA-512"),
        ("kafka:\n  sasl_username: a\n", r"listener\.yaml:1: kafka: .*knows no account: set SASL_SSL"),
        ("kafka:\n  ssl_cafile: a\n", r"listener\.yaml:1: kafka: .*without TLS: set SSL or SASL_SSL"),
        ("kafka:\n  security_protocol: SSL\n  ssl_keyfile: a\n", r"ssl_certfile, which is not set"),
        ("a: [\n", r"listener\.yaml:2: not YAML"),
        (
            "sources:\n  a:\n    kind: rss\n    poison:\n      share: 2\n",
            r"yaml:5: sources\.a\.poison\.share:",
        ),
        ("kafka:\n  topic_config:\n    mentions.rwa: {}\n", r"topic_config: .*no topic mentions\.rwa"),
        (
            "kafka:\n  topic_config:\n    triage: {cleanup.policy: delete}\n",
            r"triage: cleanup\.policy is part of what the topic means",
        ),
        ("kafka:\n  topic_config:\n    links: {retention.ms: 5}\n", r"links: the topic is compacted"),
        (
            "kafka:\n  topic_config:\n    mentions.raw: {max.message.bytes: 1000}\n",
            r"mentions\.raw: max\.message\.bytes below 4194304",
        ),
        (
            "kafka:\n  topic_config:\n    mentions.dead: {retention.ms: -1}\n",
            r"dead\.resolutions must be kept at least as long as mentions\.dead",
        ),
        (
            "sources:\n  a:\n    kind: rss\n    lawful_basis: consent\n",
            r"sources\.a: .*consent and the purpose under consent belong together",
        ),
        (
            "sources:\n  a:\n    kind: rss\n    lawful_basis: curiosity\n",
            r"yaml:4: sources\.a\.lawful_basis:",
        ),
        ("retention:\n  topics: {links: 5}\n", r"links: the topic is compacted"),
        ("retention:\n  topics: {mentions.dead: 90}\n", r"dead\.resolutions must be kept at least as long"),
        ("retention:\n  tables: {parties: 5}\n", r"retention\.tables: .*parties: rows of mentions, "),
        (
            "retention:\n  topics: {audit: 5}\nkafka:\n  topic_config:\n    audit: {retention.ms: 5}\n",
            r"retention\.topics\.audit: kafka\.topic_config has retention\.ms, too",
        ),
        ("reports:\n  handling_minutes: {phone: 0}\n", r"yaml:2: reports\.handling_minutes\.phone:"),
        ("reports:\n  handling_minutes:\n    fone: 9\n", r"yaml:3: reports\.handling_minutes\.fone.*'phone'"),
        ("kafka:\n  min_insync_replicas: 2\n", r"listener\.yaml:1: kafka: .*nothing could be written"),
        (
            "kafka:\n  topic_config:\n    audit: {min.insync.replicas: 2}\n",
            r"audit: 2 replicas must have a record, but replication_factor is 1",
        ),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(tmp_path, text)


SECURE = """\
kafka:
  bootstrap_servers: kafka.example.org:9093
  security_protocol: SASL_SSL
  sasl_mechanism: SCRAM-SHA-512
  ssl_cafile: ca.pem
  ssl_certfile: certificates/client.pem
"""


def test_files_are_relative_to_the_file_that_names_them_and_secrets_may_stand_in_files(
    tmp_path: Path,
) -> None:
    (tmp_path / "password").write_text("hush\n")
    environment = {"KAFKA_SASL_USERNAME": "us", "KAFKA_SASL_PASSWORD_FILE": str(tmp_path / "password")}
    kafka = load(tmp_path, SECURE, **environment).kafka
    assert (kafka.sasl_username, kafka.sasl_password) == ("us", "hush")
    assert kafka.tls.cafile == str(tmp_path / "ca.pem")
    assert kafka.tls.certfile == str(tmp_path / "certificates" / "client.pem")
    assert kafka.tls.keyfile is None


def test_an_account_without_password_is_told_with_its_variables(tmp_path: Path) -> None:
    settings = load(tmp_path, SECURE, KAFKA_SASL_USERNAME="us")
    with pytest.raises(UsageError, match=r"KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE"):
        _ = settings.kafka


def test_tls_is_for_a_cluster_and_not_for_the_embedded_kafka(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "endpoints.json").write_text('{"kafka": "127.0.0.1:9092"}')
    settings = load(tmp_path, "kafka:\n  security_protocol: SSL\n")
    with pytest.raises(UsageError, match=r"embedded Kafka is without: set kafka\.bootstrap_servers"):
        _ = settings.kafka


@pytest.mark.parametrize(
    ("replicas", "configured", "insync"), [(1, None, 1), (2, None, 1), (3, None, 2), (5, None, 2), (3, 1, 1)]
)
def test_an_acknowledged_record_is_on_two_brokers_where_three_keep_it(
    tmp_path: Path, replicas: int, configured: int | None, insync: int
) -> None:
    given = f"  min_insync_replicas: {configured}\n" if configured else ""
    settings = load(tmp_path, f"kafka:\n  replication_factor: {replicas}\n{given}")
    assert settings.config.kafka.insync == insync
    plans = topic_plans(settings)
    assert {p.config["min.insync.replicas"] for p in plans} == {str(insync)}
    assert {p.replication_factor for p in plans} == {replicas}
    assert len([p for p in plans if p.name.endswith("-changelog")]) == 3


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read"):
        load_settings(tmp_path / "none.yaml", tmp_path, {})


def test_half_written_endpoints_are_told(tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text('{"kafka": ')
    with pytest.raises(UsageError, match=r"endpoints\.json:1: not JSON"):
        load_settings(None, tmp_path, {})


def test_settings_of_topics_may_be_written_as_figures(tmp_path: Path) -> None:
    text = "kafka:\n  topic_config:\n    mentions.raw: {retention.ms: 604800000, preallocate: true}\n"
    (tmp_path / "listener.yaml").write_text(text)
    kafka = load_settings(tmp_path / "listener.yaml", tmp_path, {}).config.kafka
    assert kafka.topic_config == {"mentions.raw": {"retention.ms": "604800000", "preallocate": "true"}}


DESK = "answers:\n  clients:\n    desk: {keys: [DESK_KEY, DESK_OLD_KEY]}\n"
KEYS = ["whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b")]


def test_keys_of_clients_come_from_the_environment_or_from_files(tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.write_text(f"{KEYS[1]}\n")
    settings = load(tmp_path, DESK, DESK_KEY=KEYS[0], DESK_OLD_KEY_FILE=str(file))
    assert settings.answers_keys == {"desk": tuple(KEYS)}
    assert KEYS[0] not in repr(settings)


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        (
            DESK,
            {"DESK_KEY": KEYS[0]},
            r"clients\.desk\.keys: DESK_OLD_KEY is not set .*DESK_OLD_KEY_FILE",
        ),
        (DESK, {"DESK_KEY": "hush", "DESK_OLD_KEY": KEYS[1]}, r"desk\.keys: DESK_KEY: a key is whsec_"),
        (DESK, {"DESK_KEY": KEYS[0], "DESK_OLD_KEY": KEYS[0]}, "two keys are the same"),
        ("", {}, r"nobody may tell answers: .*answers\.clients.*listener up"),
    ],
)
def test_keys_that_are_missing_or_wrong_are_told_without_being_shown(
    tmp_path: Path, text: str, environment: dict[str, str], message: str
) -> None:
    settings = load(tmp_path, text, **environment)
    with pytest.raises(UsageError, match=message) as caught:
        _ = settings.answers_keys
    assert not any(value in str(caught.value) for value in environment.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"answers:\n  clients:\n    desk:\n      keys: [{KEYS[0]}]\n", r":4: .*keys.*should match pattern"),
        ("answers:\n  clients:\n    desk:\n      keys: []\n", r":4: answers\.clients\.desk\.keys:"),
        ("answers:\n  clients:\n    My Desk: {keys: [K]}\n", r":3: answers\.clients\.My Desk"),
        ("answers:\n  keys: [K]\n", r":2: answers\.keys:"),
    ],
)
def test_a_wrong_section_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load(tmp_path, text)
    assert KEYS[0] not in str(caught.value)


def test_the_key_of_a_running_listener_up_is_that_of_the_client_local(tmp_path: Path) -> None:
    (tmp_path / "answers.key").write_text(f"{KEYS[0]}\n")
    assert load_settings(None, tmp_path, {}).answers_keys == {"local": (KEYS[0],)}


def alerts_to(tmp_path: Path, text: str, **environment: str) -> Settings:
    path = tmp_path / "listener.yaml"
    path.write_text("alerts_to:\n  team:\n" + text)
    return load_settings(path, tmp_path, environment)


def test_a_destination_of_alerts_is_checked_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"listener\.yaml:4: alerts_to\.team\.slack\.secrets\.url"):
        alerts_to(tmp_path, "    kind: slack\n    secrets: {url: https://hooks.slack.com/services/x}\n")
    with pytest.raises(UsageError, match=r"listener\.yaml:2: alerts_to\.team"):
        alerts_to(tmp_path, "    kind: pigeon\n")
    mail = "    kind: email\n    host: mail.example.org\n    sender: l@example.org\n    to: [o@example.org]\n"
    with pytest.raises(UsageError, match="belong together"):
        alerts_to(tmp_path, mail + "    username: listener\n")
    with pytest.raises(UsageError, match="in clear"):
        alerts_to(tmp_path, mail + "    username: listener\n    secrets: {password: P}\n    tls: none\n")


def test_the_address_of_a_webhook_is_a_secret_that_may_stand_in_a_file(tmp_path: Path) -> None:
    text = "    kind: slack\n    secrets: {url: TEAM_URL}\n"
    (tmp_path / "url").write_text("https://hooks.slack.com/services/x\n")
    settings = alerts_to(tmp_path, text, TEAM_URL_FILE=str(tmp_path / "url"))
    assert settings.alert_secrets("team") == {"url": "https://hooks.slack.com/services/x"}
    assert "services/x" not in repr(settings)
    with pytest.raises(UsageError, match="TEAM_URL"):
        alerts_to(tmp_path, text).alert_secrets("team")
    with pytest.raises(UsageError, match="no address") as wrong:
        alerts_to(tmp_path, text, TEAM_URL="pa55word").alert_secrets("team")
    assert "pa55word" not in str(wrong.value)


def test_retention_is_the_day_by_which_it_is_gone(tmp_path: Path) -> None:
    config = load(tmp_path, "retention:\n  topics: {mentions.raw: 14}\n  tables: {mentions: 730}\n").config
    day_ms = 24 * 60 * 60 * 1000
    kept = config.topic_config["mentions.raw"]
    assert int(kept["retention.ms"]) + int(kept["segment.ms"]) == 14 * day_ms
    assert config.retention.tables == {"mentions": 730, "dead_letters": 30}
    assert load(tmp_path, "time: wall\n").config.retention.tables == {"dead_letters": 30}


def test_the_key_of_the_erasures_is_the_one_given_else_that_of_the_data_directory(tmp_path: Path) -> None:
    settings = dataclasses.replace(load(tmp_path, "time: wall\n"), data_dir=tmp_path, environment={})
    assert settings.erasure_key is None
    (tmp_path / "erasure.key").write_text("the key of the directory\n")
    assert settings.erasure_key == b"the key of the directory"
    given = dataclasses.replace(settings, environment={"LISTENER_ERASURE_KEY": "the key that was given"})
    assert given.erasure_key == b"the key that was given"
    short = dataclasses.replace(settings, environment={"LISTENER_ERASURE_KEY": "short"})
    with pytest.raises(UsageError, match="at least 16"):
        _ = short.erasure_key


def desks(tmp_path: Path, text: str, **environment: str) -> Settings:
    path = tmp_path / "listener.yaml"
    path.write_text("desks:\n  support:\n" + text)
    return load_settings(path, tmp_path, environment)


def test_a_desk_is_checked_with_its_line(tmp_path: Path) -> None:
    tracker = "    kind: request-tracker\n    username: listener\n"
    with pytest.raises(UsageError, match=r"listener\.yaml:5: desks\.support\.request-tracker\.secrets"):
        desks(
            tmp_path,
            tracker + "    secrets: {password: RT_PASSWORD, token: RT_TOKEN}\n    url: https://rt.test\n",
        )
    with pytest.raises(UsageError, match=r"listener\.yaml:5: desks\.support\.request-tracker\.url"):
        desks(tmp_path, tracker + "    url: https://me:pa55word@rt.test\n    secrets: {token: RT_TOKEN}\n")
    with pytest.raises(UsageError, match=r"listener\.yaml:2: desks\.support"):
        desks(tmp_path, "    kind: pigeonhole\n")


@pytest.mark.parametrize(
    ("desk", "wrong"),
    [
        (
            "kind: zendesk, url: 'https://a.test', username: a@a.test, secrets: {token: T}",
            "no_response_tag: declined",
        ),
        (
            "kind: zammad, url: 'https://a.test', customer: a@a.test, secrets: {token: T}",
            "no_response_tag: declined",
        ),
        (
            "kind: chatwoot, url: 'https://a.test', account: 1, inbox: 1, secrets: {token: T}",
            "no_response_label: declined",
        ),
        (
            "kind: request-tracker, url: 'https://a.test', username: a, secrets: {token: T}",
            "no_response_status: resolved",
        ),
    ],
)
def test_what_needs_no_response_has_a_mark_of_its_own(tmp_path: Path, desk: str, wrong: str) -> None:
    assert "support" in desks(tmp_path, f"    {{{desk}}}\n").config.desks
    with pytest.raises(UsageError, match=r"no_response_\w+ is the same as (declined|resolved)_"):
        desks(tmp_path, f"    {{{desk}, {wrong}}}\n")


def test_the_secret_of_a_desk_may_stand_in_a_file(tmp_path: Path) -> None:
    text = "    kind: request-tracker\n    username: l\n    url: https://rt.test\n    secrets: {token: RT_TOKEN}\n"
    (tmp_path / "token").write_text("pa55word\n")
    settings = desks(tmp_path, text, RT_TOKEN_FILE=str(tmp_path / "token"))
    assert settings.desk_secrets("support") == {"token": "pa55word"}
    assert "pa55word" not in repr(settings)
    with pytest.raises(UsageError, match=r"desks\.support\.secrets\.token: RT_TOKEN is not set"):
        desks(tmp_path, text).desk_secrets("support")
