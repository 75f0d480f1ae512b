"""The documentation says what is so: commands, options, links, files, snippets, settings, topics."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import yaml
from prometheus_client import REGISTRY
from pydantic import BaseModel

from fakes.desk import KEY
from listener.answers.answer import Answer
from listener.cli.connect_command import build
from listener.cli.form_command import form_source
from listener.cli.main import COMMANDS, listener
from listener.cli.staff_command import staff_source
from listener.connectors.bluesky import BlueskyOptions
from listener.connectors.connector import Setup
from listener.connectors.email import EmailOptions
from listener.connectors.feedback_form import FormOptions
from listener.connectors.http_json import HttpJsonOptions
from listener.connectors.json_mapping import Fields
from listener.connectors.mastodon import MastodonOptions
from listener.connectors.matrix import MatrixOptions
from listener.connectors.reddit import RedditOptions
from listener.connectors.rss import RssOptions
from listener.connectors.staff_form import KIND as STAFF_FORM
from listener.connectors.staff_form import StaffFormOptions
from listener.connectors.webhook import KIND as WEBHOOK
from listener.connectors.webhook import WebhookOptions
from listener.connectors.webhook import build as build_webhook
from listener.connectors.x import XOptions
from listener.console_config import ConsoleConfig, Grant, OidcConfig, ProxyConfig
from listener.desks import (
    AnsweredThere,
    ChatwootDesk,
    CrmDesk,
    EmailDesk,
    RequestTrackerDesk,
    WebhookDesk,
    ZammadDesk,
    ZendeskDesk,
)
from listener.destinations import EmailTo, PagerDutyTo, SlackTo, WebhookTo
from listener.domain.command import CaseCommand
from listener.domain.contract import Versioned
from listener.domain.document import read_document
from listener.domain.response import Response
from listener.domain.topics import ALL
from listener.settings import (
    AnswersClient,
    AnswersConfig,
    Config,
    KafkaConfig,
    MatchingConfig,
    RetentionConfig,
    Settings,
    StreamConfig,
    load_settings,
)
from stream.enrichment.match_rules import read_weights
from stream.enrichment.taxonomy import read_taxonomy
from stream.triage.calendar import CalendarRules, PublicHolidays
from stream.triage.due import Due
from stream.triage.policy import EscalationStep, Policy, Priority, Queue
from stream.triage.policy_levels import Absence, LadderRules, LevelOwner, LevelRules
from stream.triage.policy_strategy import FollowersStep, ReachRules, SegmentRules, StrategyRules
from stream.triage.promises import WarnAt
from stream.triage.publishing import Publishing
from stream.triage.regulation import RegulatoryClock, Stage

ROOT = Path(__file__).parents[2]
TOP = [ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")]
PAGES = [*TOP, *sorted((ROOT / "docs").rglob("*.md"))]
CONTRACTS: dict[str, type[Versioned]] = {"Response": Response, "CaseCommand": CaseCommand}
PROGRAM = ("listener", ".venv/bin/listener")
WORDS_THAT_ARE_NO_COMMAND = {"..."}


class Block(NamedTuple):
    """A fenced block: where it begins, what stands behind the fence, its text."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def where(self) -> str:
        """For messages and test ids."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    info, start, lines = "", 0, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.startswith("```"):
            lines.append(line)
        elif not start:
            info, start, lines = line.removeprefix("```"), number, []
        else:
            yield Block(page, start, info, "\n".join(lines))
            start = 0


BLOCKS = [block for page in PAGES for block in blocks(page)]


def of_kind(*kinds: str) -> list[Block]:
    """The blocks whose language is one of these."""
    return [block for block in BLOCKS if block.info.split(" ")[0] in kinds]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """Every call of the program in blocks and in `code`: where, and its words up to a pipe or redirection."""
    shell = [(block.where, line) for block in of_kind("sh", "bash") for line in joined(block.text)]
    inline = [
        (str(page.relative_to(ROOT)), code)
        for page in PAGES
        for code in re.findall(r"`([^`\n]+)`", prose(page))
    ]
    for where, line in [*shell, *inline]:
        for part in re.split(r"\||;|&&", line):
            words = shlex.split(part, comments=True) if part.count("'") % 2 == 0 else part.split()
            if words and words[0] == "time":
                words = words[1:]
            if len(words) > 1 and words[0] in PROGRAM and words[1] not in WORDS_THAT_ARE_NO_COMMAND:
                yield where, words[1:]


def joined(text: str) -> list[str]:
    """Lines, those that end with a backslash together with the next."""
    return re.sub(r"\\\n\s*", "", text).splitlines()


def check_command(words: list[str]) -> str:
    """Follows a call through commands and options; returns the names of the commands.

    Raises:
        AssertionError: there is no such command, option or choice.
    """
    command: click.Command = listener
    context = click.Context(listener)
    names = []
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
        names.append(command.name or "")
    if "..." in words or ">" in words:
        words = words[: next(i for i, word in enumerate(words) if word in ("...", ">"))]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    for word in words:
        if word.startswith("--"):
            assert word.split("=")[0] in known | {"--help"}, f"{' '.join(names)} has no option {word}"
    return " ".join(names)


CALLS = list(command_lines())


@pytest.mark.parametrize(("where", "words"), CALLS, ids=[f"{where} {words[0]}" for where, words in CALLS])
def test_every_command_in_the_docs_exists_with_its_options(where: str, words: list[str]) -> None:
    check_command(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_docs(name: str) -> None:
    assert any(words[0] == name for _, words in CALLS), f"no page shows `listener {name}`"


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"`make ([a-z]+)", text) + re.findall(r"^make ([a-z]+)", text, flags=re.MULTILINE)
        assert set(named) <= targets, page


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_resolves(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page)) + re.findall(r'src="([^"]+)"', prose(page))
    for target in targets:
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target).resolve() for target in re.findall(r"\]\(([^)\s]+)\)", prose(index))}
    assert {page for page in PAGES if page not in TOP} - {index} == linked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_named_exists(page: Path) -> None:
    named = re.findall(r"`((?:src|tests|schemas|examples|docs)/[\w./-]*)`", page.read_text(encoding="utf-8"))
    missing = [path for path in named if not (ROOT / path).exists()]
    assert not missing


def test_the_tree_in_contributing_exists() -> None:
    [tree] = [block for block in blocks(ROOT / "CONTRIBUTING.md") if block.text.startswith("src/")]
    for line in tree.text.splitlines():
        first = line.split("  ")[0].split(",")[0].strip()
        assert (ROOT / first).exists(), first


@pytest.mark.parametrize("block", of_kind("yaml"), ids=lambda block: block.where)
def test_every_yaml_snippet_is_valid(block: Block) -> None:
    header = block.text.splitlines()[0]
    match header:
        case "# listener.yaml":
            check_config(read_document(Config, block.text, block.where))
        case "# policy.yaml":
            read_document(Policy, block.text, block.where)
        case "# taxonomy.yaml":
            read_taxonomy(block.text, block.where)
        case "# weights.yaml":
            read_weights(block.text, block.where)
        case _:
            pytest.fail(f"{block.where}: begins with {header!r}, so nothing says what it is")


def check_config(config: Config) -> None:
    """The options of its sources, which only their connectors know."""
    for name, source in config.sources.items():
        if source.kind == "form":
            form_source(config, name)
        elif source.kind == STAFF_FORM:
            staff_source(config, name)
        else:
            known = dict.fromkeys(source.secrets.values(), "secret")
            settings = Settings(config, Path(), None, environment=known, endpoints={})
            if source.kind == WEBHOOK:
                keys = dict.fromkeys(settings.source_secrets(name), KEY)
                build_webhook(Setup(name, source.options(), keys, frozenset(source.accounts)))
            else:
                build(settings, (name,), lambda: pytest.fail("nothing is read"))


def test_the_example_of_a_configuration_is_valid_also_with_what_is_commented_out(tmp_path: Path) -> None:
    example = ROOT / "examples" / "listener.yaml"
    check_config(load_settings(example, tmp_path, {}).config)
    whole = re.sub(r"^# (?=\s*[a-z_.]+:( |$))", "", example.read_text(), flags=re.MULTILINE)
    config = read_document(Config, whole, "listener.yaml")
    assert config.policy
    assert config.kafka.topic_config["mentions.raw"]["retention.ms"] == str(60 * 24 * 60 * 60 * 1000)


@pytest.mark.parametrize("block", of_kind("json"), ids=lambda block: block.where)
def test_every_json_snippet_is_what_its_contract_says(block: Block) -> None:
    CONTRACTS[block.info.removeprefix("json ")].read_at_edge(block.text)


@pytest.mark.parametrize(
    ("page", "model", "prefix"),
    [
        ("configuration.md", Config, ""),
        ("configuration.md", KafkaConfig, "kafka."),
        ("configuration.md", MatchingConfig, "matching."),
        ("configuration.md", StreamConfig, "stream."),
        ("configuration.md", RetentionConfig, "retention."),
        ("configuration.md", AnswersConfig, "answers."),
        ("configuration.md", AnswersClient, "answers.clients.NAME."),
        *(("console.md", model, "") for model in (ConsoleConfig, Grant, ProxyConfig, OidcConfig)),
        *(("alerts-out.md", model, "") for model in (SlackTo, PagerDutyTo, WebhookTo, EmailTo)),
        *(
            ("desks.md", model, "")
            for model in (RequestTrackerDesk, WebhookDesk, EmailDesk, CrmDesk, AnsweredThere)
        ),
        *(("desks.md", model, "") for model in (ZendeskDesk, ZammadDesk, ChatwootDesk)),
        ("answers.md", Answer, ""),
        ("connectors/rss.md", RssOptions, ""),
        ("connectors/email.md", EmailOptions, ""),
        ("connectors/mastodon.md", MastodonOptions, ""),
        ("connectors/http-json.md", HttpJsonOptions, ""),
        ("connectors/http-json.md", Fields, ""),
        ("connectors/x.md", XOptions, ""),
        ("connectors/webhook.md", WebhookOptions, ""),
        ("connectors/reddit.md", RedditOptions, ""),
        ("connectors/bluesky.md", BlueskyOptions, ""),
        ("connectors/matrix.md", MatrixOptions, ""),
        ("connectors/feedback-form.md", FormOptions, ""),
        ("connectors/staff-form.md", StaffFormOptions, ""),
    ],
)
def test_every_setting_is_documented(page: str, model: type[BaseModel], prefix: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for name, field in model.model_fields.items():
        nested = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        assert nested or f"`{prefix}{name}`" in text, f"{page} does not name {prefix}{name}"


@pytest.mark.parametrize(
    "model",
    [LadderRules, LevelRules, LevelOwner, Absence, StrategyRules, SegmentRules, ReachRules, FollowersStep],
)
def test_every_field_of_levels_segments_and_reach_is_documented(model: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "policy-levels.md").read_text(encoding="utf-8")
    names = [field.alias or name for name, field in model.model_fields.items()]
    assert [name for name in names if not re.search(rf"`{name}`|\b{name}:", text)] == []


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("The whole", Policy),
        ("Queues", Queue),
        ("Calendars", CalendarRules),
        ("Public holidays", PublicHolidays),
        ("Warnings", WarnAt),
        ("Escalation", EscalationStep),
        ("Priority", Priority),
        ("Publishing", Publishing),
        ("Regulatory clocks", RegulatoryClock),
        ("Stages", Stage),
        ("Due", Due),
    ],
)
def test_every_field_of_a_policy_is_documented(heading: str, model: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    section = re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    missing = [name for name in model.model_fields if f"`{name}`" not in section]
    assert not missing, f"policy.md, {heading}"


def test_every_topic_is_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    missing = [topic.name for topic in ALL if f"`{topic.name}`" not in text]
    assert not missing


def test_every_metric_in_the_docs_exists() -> None:
    families = {family.name for family in REGISTRY.collect()}
    assert "listener_ready" in families, "the metrics are not registered"
    for page in PAGES:
        named = re.findall(r"`(listener_[a-z_]+)`", page.read_text(encoding="utf-8"))
        assert {name.removesuffix("_total") for name in named} <= families, page


def test_the_defaults_that_configuration_names_are_the_codes() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \|.*\| ([\w.]+) \|$", text, flags=re.MULTILINE))
    kafka, stream = KafkaConfig(), StreamConfig()
    assert rows["kafka.partitions"] == str(kafka.partitions)
    assert rows["kafka.replication_factor"] == str(kafka.replication_factor)
    assert float(rows["stream.session_timeout_seconds"]) == stream.session_timeout_seconds


def test_policy_and_taxonomy_that_ship_are_where_the_docs_say() -> None:
    for path in (
        "src/stream/triage/policies/default.yaml",
        "src/stream/enrichment/taxonomies/default.yaml",
    ):
        assert yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
