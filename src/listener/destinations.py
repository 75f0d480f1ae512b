"""To whom alerts are told, as the configuration says it: `alerts_to` in `listener.yaml`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from listener.domain.document import Document
from listener.domain.governance import Alert, AlertKind

VariableName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
"""Name of an environment variable; so that nobody writes the secret itself into the file."""
Address = Annotated[str, Field(pattern=r"^[^@\s<>,]+@[^@\s<>,]+$", max_length=254)]
_GRAVE: dict[str, int] = {"info": 0, "warning": 1, "critical": 2}


class AlertsTo(Document):
    """What all destinations share: which alerts, and how many at once."""

    kinds: tuple[AlertKind, ...] = ()
    """Only these; all where empty."""
    queues: tuple[str, ...] = ()
    """Only those of cases in these queues; all, of sources too, where empty."""
    severity_at_least: Literal["info", "warning", "critical"] = "warning"
    max_age_hours: float = Field(default=24.0, gt=0, le=24 * 30)
    """What was published longer ago is not told any more, such as all that there is at the first start."""
    internal_hosts: tuple[str, ...] = ()
    """Hosts that may be in an internal network."""

    def wants(self, alert: Alert) -> bool:
        """Whether it is told here. A withdrawal names neither queue nor severity, so only its kind counts."""
        if self.kinds and alert.kind not in self.kinds:
            return False
        if alert.withdrawn:
            return True
        if self.queues and alert.queue not in self.queues:
            return False
        return _GRAVE[alert.severity] >= _GRAVE[self.severity_at_least]


class UrlSecret(Document):
    """The address of a webhook, which whoever knows it may post to."""

    url: VariableName


class SlackTo(AlertsTo):
    """An incoming webhook of Slack, or of what takes the same, such as Mattermost."""

    kind: Literal["slack"]
    secrets: UrlSecret
    digest_above: int = Field(default=5, ge=1, le=1000)
    """More news than this at once become one message."""


class RoutingKey(Document):
    """The integration key of a PagerDuty service."""

    routing_key: VariableName


class PagerDutyTo(AlertsTo):
    """PagerDuty's Events API v2, or what takes the same."""

    kind: Literal["pagerduty"]
    secrets: RoutingKey
    url: str = Field(default="https://events.pagerduty.com/v2/enqueue", pattern=r"^https?://[^\s@]+$")


class UrlAndKey(Document):
    """Where to, and what with it is signed."""

    url: VariableName
    key: VariableName


class WebhookTo(AlertsTo):
    """A signed webhook of the company's own."""

    kind: Literal["webhook"]
    secrets: UrlAndKey


class MailSecrets(Document):
    """The password of the account at the mail server."""

    password: VariableName


class MailRoute(Document):
    """How mail goes out: a server that takes it in, and to whom."""

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    secrets: MailSecrets | None = None
    sender: Address
    to: tuple[Address, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _account_is_whole_and_hidden(self) -> Self:
        if (self.username is None) != (self.secrets is None):
            raise ValueError("username and secrets.password belong together")
        if self.username is not None and self.tls == "none":
            raise ValueError("with tls: none the password would be sent in clear")
        return self


class EmailTo(AlertsTo, MailRoute):
    """Mail, by a server that takes it in."""

    kind: Literal["email"]
    digest_above: int = Field(default=5, ge=1, le=1000)
    """More news than this at once become one mail."""


Destination = Annotated[SlackTo | PagerDutyTo | WebhookTo | EmailTo, Field(discriminator="kind")]


def variables_of(configured: Document) -> dict[str, str]:
    """Secret to the environment variable that holds it, of a destination or a desk."""
    secrets: Document | None = getattr(configured, "secrets", None)
    return secrets.model_dump(exclude_none=True) if secrets is not None else {}
