"""The section `Policy`: what decides, since when; and another policy tried on what was said lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Protocol

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from listener.console.pages import page
from listener.console.policy_words import Rules, rules_of
from listener.console.roles import STAFF
from listener.console.saved_views import VIEWS
from listener.console.section import Section
from listener.domain.errors import UsageError
from listener.domain.governance import ConfigInForce

NAME = "policy"
MOST_BYTES = 512 * 1024


@dataclass(frozen=True)
class Decision:
    """What a policy decides about a case."""

    queue: str
    level: str
    owner: str
    priority: int
    due_at: datetime | None


@dataclass(frozen=True)
class Change:
    """A case that is decided otherwise; None under a policy that has no such case."""

    case_id: str
    before: Decision | None
    after: Decision | None

    def differs(self, field: str) -> bool:
        """Whether this part of the decision is another."""
        return getattr(self.before, field, None) != getattr(self.after, field, None)


@dataclass(frozen=True)
class Moved:
    """How many cases are in another queue or level, or of another owner: from where to where."""

    words: str
    cases: int


@dataclass(frozen=True)
class Trial:
    """What another policy would have changed.

    Attributes:
        name, hash: of the policy that was tried.
        against, against_hash: of the one in force.
        records: on how many mentions, answers and acts.
        cases: under the policy in force.
        changed: how many cases are decided otherwise; `changes` are the most urgent of them.
        groups: queue, level and owner with their loads, as `listener triage --compare` tells them.
    """

    name: str
    hash: str
    against: str
    against_hash: str
    records: int
    cases: int
    changed: int
    changes: Sequence[Change]
    moved: Sequence[Moved]
    groups: Sequence[Mapping[str, Any]]


class Policies(Protocol):
    """What the pages read and do; all may block, and raise `ServiceError` where Kafka does not answer."""

    def in_force(self) -> Mapping[str, ConfigInForce]:
        """What decides, by name: `policy`, `taxonomy`, `settings`; without those that nobody has announced."""
        ...

    def as_yaml(self, content: Mapping[str, Any]) -> str:
        """A policy as people write it; raises `UsageError` where this version cannot read it."""
        ...

    def examples(self) -> Mapping[str, str]:
        """The policies that ship with Listener, YAML by name."""
        ...

    def attempt(self, text: str) -> Trial:
        """What this policy would have changed; raises `UsageError` with each problem and its line."""
        ...


def policy_section(policies: Policies) -> Section:
    """The section."""
    pages = _Pages(policies)
    return Section(
        NAME,
        "Policy",
        [
            Route(f"/{NAME}", pages.show),
            Route(f"/{NAME}/try", pages.form),
            Route(f"/{NAME}/try", pages.attempt, methods=["POST"]),
        ],
        STAFF,
    )


class _Pages:
    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._busy = Lock()

    def show(self, request: Request) -> Response:
        """What is in force."""
        configs = self._policies.in_force()
        policy = configs.get("policy")
        rules: Rules | None = None if policy is None else rules_of(policy.content)
        text = "" if policy is None else self._yaml(policy)
        others = [
            config
            for name, config in sorted(configs.items())
            if name != "policy" and not name.startswith(VIEWS)  # whose views there are, is nobody's business
        ]
        return page(
            request,
            "policy/show.html",
            policy=policy,
            rules=rules,
            yaml=text,
            others=others,
            may_try=request.state.person.may("analyse"),
        )

    def form(self, request: Request) -> Response:
        """Where another policy is typed, pasted or brought."""
        self._check(request)
        policy = self._policies.in_force().get("policy")
        examples = self._policies.examples()
        chosen = request.query_params.get("from", "")
        text = examples.get(chosen) or ("" if policy is None else self._yaml(policy))
        return self._try_page(request, text)

    def attempt(self, request: Request) -> Response:
        """What it would have changed."""
        self._check(request)
        text = _text(request.state.form)
        if not self._busy.acquire(blocking=False):
            return self._try_page(
                request, text, "Somebody is trying a policy just now: send it again in a moment.", 409
            )
        try:
            trial = self._policies.attempt(text)
        except UsageError as error:
            return self._try_page(request, text, str(error), 422)
        finally:
            self._busy.release()
        return self._try_page(request, text, trial=trial)

    def _try_page(
        self, request: Request, text: str, problem: str = "", status: int = 200, trial: Trial | None = None
    ) -> Response:
        return page(
            request,
            "policy/try.html",
            status,
            text=text,
            problems=problem.splitlines(),
            trial=trial,
            examples=list(self._policies.examples()),
            most_bytes=MOST_BYTES,
        )

    def _yaml(self, policy: ConfigInForce) -> str:
        try:
            return self._policies.as_yaml(policy.content)
        except UsageError:
            return ""

    def _check(self, request: Request) -> None:
        person = request.state.person
        if not person.may("analyse"):
            raise HTTPException(
                403, f"The role {person.role} tries no policies: an analyst or an admin does."
            )


def _text(form: Mapping[str, Any]) -> str:
    """The policy that a form brings: its file, else what was typed."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        content = file.file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise UsageError(f"The file has more than {MOST_BYTES // 1024} kB: a policy is a small text.")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UsageError("The file is not UTF-8: a policy is a YAML text.") from None
    text = str(form.get("policy", "")).replace("\r\n", "\n")
    if len(text.encode()) > MOST_BYTES:
        raise UsageError(f"That is more than {MOST_BYTES // 1024} kB: a policy is a small text.")
    return text
