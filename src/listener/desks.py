"""Which helpdesks keep tickets for cases, as the configuration says it: `desks` in `listener.yaml`."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from listener.destinations import Address, MailRoute, UrlAndKey, VariableName
from listener.domain.case import Case
from listener.domain.document import Document
from listener.domain.mention import Channel
from listener.domain.response import Level

Url = Annotated[str, Field(pattern=r"^https?://[^\s@?#]+$", max_length=2000)]
"""An address without account or query."""


class DeskConfig(Document):
    """What all desks share: which cases get a ticket there."""

    queues: tuple[str, ...] = ()
    """Only cases in these queues get one; all where empty. A ticket that is there follows its case everywhere."""
    max_age_hours: float | None = Field(default=None, gt=0, le=24 * 366)
    """A case in which nothing was said for longer gets none, such as all that there are at the first start."""
    internal_hosts: tuple[str, ...] = ()
    """Hosts that may be in an internal network."""

    told_apart: ClassVar[tuple[str, ...]] = ()
    """Options that mark how a ticket ended: the first is to be a mark of its own, unlike each of the others."""

    @model_validator(mode="after")
    def _of_its_own(self) -> Self:
        for name in self.told_apart[1:]:
            if getattr(self, name) == getattr(self, self.told_apart[0]):
                raise ValueError(f"{self.told_apart[0]} is the same as {name}")
        return self

    def wants(self, case: Case) -> bool:
        """Whether a case is to get a ticket, as far as its queue says."""
        return not self.queues or case.queue in self.queues


class AnsweredThere(Document):
    """How answers are to be counted that people write at the desk."""

    channel: Channel = "email"
    """How they reach the customer."""
    level: Level = "front_line"
    levels: dict[str, Level] = Field(default_factory=dict)
    """Who answers, as the desk names them, to their level, where it is not `level`."""

    def level_of(self, who: str) -> Level:
        """The level of one who answers there."""
        return self.levels.get(who, self.level)


class RequestTrackerSecrets(Document):
    """The password of the account, or a token of it."""

    password: VariableName | None = None
    token: VariableName | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.password is None) == (self.token is None):
            raise ValueError("name either password or token")
        return self


class RequestTrackerDesk(DeskConfig):
    """Request Tracker 5, by its REST 2 interface."""

    kind: Literal["request-tracker"]
    url: Url
    """Of the start page, such as ``https://rt.example.org``."""
    username: str = Field(min_length=1)
    """The account that works there for Listener; what it does there is no answer."""
    secrets: RequestTrackerSecrets
    queue: str = "General"
    queue_of: dict[str, str] = Field(default_factory=dict)
    """Queue of the case to the queue there, where it is not `queue`."""
    open_status: str = "open"
    """The status of a ticket whose case opens again."""
    resolved_status: str = "resolved"
    declined_status: str = "rejected"
    no_response_status: str | None = Field(default=None, min_length=1)
    """An inactive status by which people say that nobody has to answer; the queues' lifecycle must have it."""
    answers: AnsweredThere = AnsweredThere()

    told_apart = ("no_response_status", "open_status", "resolved_status", "declined_status")


class WebhookDesk(DeskConfig):
    """A signed webhook of the company's own, which is told the whole case."""

    kind: Literal["webhook"]
    secrets: UrlAndKey


class EmailDesk(DeskConfig, MailRoute):
    """A mailbox that people, or a helpdesk, read: one thread per case."""

    kind: Literal["email"]


class TokenSecret(Document):
    """A token of the account that works at the desk for Listener; what it does there is no answer."""

    token: VariableName


class ZendeskDesk(DeskConfig):
    """Zendesk Support, by its API v2. Experimental: tried against a stand-in only."""

    kind: Literal["zendesk"]
    url: Url
    """Such as ``https://acme.zendesk.com``."""
    username: Address
    """E-mail address of the account that the token is used for; an administrator's, if answers are to be read."""
    secrets: TokenSecret
    group_of: dict[str, int] = Field(default_factory=dict)
    """Queue of the case to the id of a group there; of other queues Zendesk decides."""
    declined_tag: str = Field(default="declined", min_length=1)
    """A ticket that is solved with this tag was declined."""
    no_response_tag: str = Field(default="no-response-needed", min_length=1)
    """A ticket that is solved with this tag needed no response."""
    answers: AnsweredThere = AnsweredThere()

    told_apart = ("no_response_tag", "declined_tag")


class ZammadDesk(DeskConfig):
    """Zammad, by its REST interface. Experimental: tried against a stand-in only."""

    kind: Literal["zammad"]
    url: Url
    secrets: TokenSecret
    customer: Address
    """Address of the customer that the tickets are opened for, since Zammad wants one; it is made if it is new."""
    group: str = "Users"
    group_of: dict[str, str] = Field(default_factory=dict)
    """Queue of the case to the group there, where it is not `group`."""
    priorities: tuple[str, ...] = Field(default=("1 low", "2 normal", "3 high"), min_length=1)
    """Names of the priorities there, the least first."""
    open_state: str = "open"
    closed_state: str = "closed"
    declined_tag: str = Field(default="declined", min_length=1)
    """A ticket that is closed with this tag was declined."""
    no_response_tag: str = Field(default="no-response-needed", min_length=1)
    """A ticket that is closed with this tag needed no response."""
    answers: AnsweredThere = AnsweredThere()

    told_apart = ("no_response_tag", "declined_tag")


class ChatwootDesk(DeskConfig):
    """Chatwoot, by its application API. Experimental: tried against a stand-in only."""

    kind: Literal["chatwoot"]
    url: Url
    account: int = Field(ge=1)
    """Number of the account, as in the addresses of its pages."""
    inbox: int = Field(ge=1)
    """Number of an inbox of the kind API, in which the conversations are opened."""
    secrets: TokenSecret
    team_of: dict[str, int] = Field(default_factory=dict)
    """Queue of the case to the number of a team there; of other queues nobody is assigned."""
    declined_label: str = Field(default="declined", min_length=1)
    """A conversation that is resolved with this label was declined."""
    no_response_label: str = Field(default="no-response-needed", min_length=1)
    """A conversation that is resolved with this label needed no response."""
    answers: AnsweredThere = AnsweredThere(channel="chat")

    told_apart = ("no_response_label", "declined_label")


class CrmDesk(DeskConfig):
    """A CRM that is told by a signed webhook what was said to, and given, a customer."""

    kind: Literal["crm-webhook"]
    secrets: UrlAndKey

    def wants(self, case: Case) -> bool:
        """Only cases of known customers have a timeline."""
        return case.customer is not None and super().wants(case)


AnyDesk = Annotated[
    RequestTrackerDesk | WebhookDesk | EmailDesk | CrmDesk | ZendeskDesk | ZammadDesk | ChatwootDesk,
    Field(discriminator="kind"),
]
"""A further kind: a class above, a name here, a module in `sinks/desks/`, a case in
`listener.bootstrap_desks.desk`."""


def can_be_asked(desk: DeskConfig) -> bool:
    """Whether such a desk tells what people answered there."""
    return answered_there(desk) is not None


def answered_there(desk: DeskConfig) -> AnsweredThere | None:
    """How what is answered at such a desk counts; None where it cannot be asked."""
    counted: AnsweredThere | None = getattr(desk, "answers", None)
    return counted
