"""The wiring of helpdesks: from `desks` of the configuration to what keeps tickets and what asks for answers."""

from listener.answers.case_index import CaseIndex
from listener.answers.desk_answers import DeskAnswersLoop, cursor_key
from listener.bootstrap import desk_sink_name, wall_clock
from listener.cases.act import audit_of_command
from listener.connectors.cursor import last_cursor
from listener.desks import (
    AnsweredThere,
    ChatwootDesk,
    CrmDesk,
    EmailDesk,
    RequestTrackerDesk,
    WebhookDesk,
    ZammadDesk,
    ZendeskDesk,
    answered_there,
    can_be_asked,
)
from listener.domain.errors import UsageError
from listener.domain.topics import CURSORS, TICKETS
from listener.kafka.consume import ReadOn, read_whole
from listener.kafka.publish import Outlet, Publisher
from listener.settings import Settings
from sinks.desks.chatwoot import Chatwoot
from sinks.desks.crm import CrmTimeline
from sinks.desks.desk import AnsweringDesk, Desk
from sinks.desks.desk_sink import DeskSink
from sinks.desks.email import MailThreads
from sinks.desks.request_tracker import RequestTracker
from sinks.desks.server import DeskServer
from sinks.desks.ticket_topic import TicketTopic
from sinks.desks.webhook import WebhookTickets
from sinks.desks.zammad import Zammad
from sinks.desks.zendesk import Zendesk
from sinks.post import Poster
from sinks.signed_post import SignedPoster
from sinks.smtp import Mailer, MailServer


def desk(settings: Settings, name: str) -> Desk:
    """A desk of the configuration; nothing is connected to.

    Raises:
        UsageError: a secret is missing or wrong.
    """
    of, secrets = settings.config.desks[name], settings.desk_secrets(name)
    match of:
        case RequestTrackerDesk():
            password = secrets.get("password")
            headers = {} if password else {"Authorization": f"token {secrets['token']}"}
            auth = (of.username, password) if password else None
            server = DeskServer(of.url, headers, of.internal_hosts, auth=auth)
            return RequestTracker(server, of, wall_clock)
        case WebhookDesk():
            poster = Poster(secrets["url"], of.internal_hosts)
            return WebhookTickets(SignedPoster(poster, secrets["key"], wall_clock))
        case CrmDesk():
            poster = Poster(secrets["url"], of.internal_hosts)
            return CrmTimeline(SignedPoster(poster, secrets["key"], wall_clock))
        case EmailDesk():
            password = secrets.get("password")
            mail_server = MailServer(of.host, of.port, of.tls, of.username, password, of.internal_hosts)
            return MailThreads(Mailer(mail_server), of.sender, of.to, wall_clock)
        case ZendeskDesk():
            token_auth = (f"{of.username}/token", secrets["token"])
            return Zendesk(DeskServer(of.url, None, of.internal_hosts, auth=token_auth), of, wall_clock)
        case ZammadDesk():
            token = {"Authorization": f"Token token={secrets['token']}"}
            return Zammad(DeskServer(of.url, token, of.internal_hosts), of)
        case ChatwootDesk():
            token = {"api_access_token": secrets["token"]}
            return Chatwoot(DeskServer(of.url, token, of.internal_hosts), of)


def desk_sink(settings: Settings, name: str) -> DeskSink:
    """The sink that keeps the tickets of a desk.

    Raises:
        UsageError: a secret is missing or wrong.
    """
    sink = desk_sink_name(name)
    return DeskSink(
        sink,
        name,
        settings.config.desks[name],
        desk(settings, name),
        lambda: TicketTopic(
            ReadOn(settings.kafka, TICKETS.name), Publisher(settings.kafka, client_id=f"listener-{sink}")
        ),
        wall_clock,
    )


def answering_desk(settings: Settings, name: str) -> tuple[AnsweringDesk, AnsweredThere]:
    """A desk that can be asked what was answered there, and how that counts.

    Raises:
        UsageError: there is none of that name, it cannot be asked, or a secret is missing or wrong.
    """
    of = settings.config.desks.get(name)
    counted = answered_there(of) if of is not None else None
    made = desk(settings, name) if counted is not None else None
    if counted is None or not isinstance(made, AnsweringDesk):
        known = [other for other, each in settings.config.desks.items() if can_be_asked(each)]
        raise UsageError(
            f"{name} is no desk that can be asked for answers: {', '.join(known) or 'none'} (see docs/desks.md)"
        )
    return made, counted


def desk_answers_loop(
    settings: Settings,
    name: str,
    made: AnsweringDesk,
    counted: AnsweredThere,
    cases: CaseIndex,
    outlet: Outlet,
) -> DeskAnswersLoop:
    """What asks a desk, from where it was asked last.

    Raises:
        ServiceError: Kafka is not there.
    """
    cursor = last_cursor(read_whole(settings.kafka, CURSORS.name), cursor_key(name))
    position = cursor.position if cursor is not None else None
    return DeskAnswersLoop(name, made.answers, counted, cases, audit_of_command, outlet, position, wall_clock)
