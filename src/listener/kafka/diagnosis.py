"""Why a Kafka cluster does not let us in: the client libraries only say that they could not connect."""

import asyncio
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    for_code,
)
from aiokafka.protocol.admin import SaslHandShakeRequest

from listener.domain.errors import NotReady
from listener.kafka.connection import WORDS, KafkaConnection
from listener.tls import LOOK_SECONDS, explained, speaks_tls

CLIENT_ID = "listener-diagnosis"


def not_ready(connection: KafkaConnection, error: Exception) -> NotReady:
    """The error to raise where a client library could not connect; it takes some seconds to find out why.

    Args:
        error: what the library said.
    """
    why = why_refused(connection)
    if why is not None:
        return NotReady(f"Kafka at {connection.bootstrap_servers} does not let us in: {why}")
    return NotReady(
        f"Kafka does not answer at {connection.bootstrap_servers} ({error}). Is it running, and is the "
        "address right (KAFKA_BOOTSTRAP_SERVERS, or kafka.bootstrap_servers in listener.yaml)? "
        "`listener up` starts one on this machine."
    )


def why_refused(connection: KafkaConnection) -> str | None:
    """Connects to each server until one says why it refuses: what is wrong, which setting to look at.

    Returns:
        None where no server answers at all, or where one lets us in.

    Raises:
        UsageError: a file that the connection names is missing or wrong.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:  # the caller may be inside an event loop
        return thread.submit(lambda: asyncio.run(_look(connection))).result()


async def _look(connection: KafkaConnection) -> str | None:
    for server in connection.servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isdigit():
            return f"{server} is not of the form host:port"
        try:
            mechanisms = await _mechanisms(connection, host, int(port))
        except (KafkaError, OSError, TimeoutError) as error:
            why = await _without_answer(connection, host, int(port), error)
        else:
            why = await _with_account(connection, host, int(port), mechanisms)
        if why is not None:
            return why
    return None


async def _mechanisms(connection: KafkaConnection, host: str, port: int) -> list[str] | None:
    """By which mechanisms this port wants to know who we are; None if it does not want to."""
    bare = dataclasses.replace(connection, security_protocol="SSL" if connection.encrypted else "PLAINTEXT")
    opened = await _connect(bare, host, port)
    try:
        answer = await opened.send(SaslHandShakeRequest(""))
    finally:
        opened.close()
    return None if for_code(answer.error_code) is IllegalSaslStateError else list(answer.enabled_mechanisms)


async def _connect(connection: KafkaConnection, host: str, port: int) -> Any:
    arguments = connection.aiokafka()
    del arguments["bootstrap_servers"]
    timeout_ms = int(LOOK_SECONDS * 1000)
    return await create_conn(host, port, client_id=CLIENT_ID, request_timeout_ms=timeout_ms, **arguments)


async def _without_answer(
    connection: KafkaConnection, host: str, port: int, error: BaseException
) -> str | None:
    """Why a server did not even tell by which mechanisms it wants to know who we are."""
    for reason in (error, error.__cause__):
        told = explained(reason, host, WORDS) if reason is not None else None
        if told is not None:
            return told
    if not connection.encrypted:
        if await asyncio.to_thread(speaks_tls, host, port):
            return (
                f"{host}:{port} speaks TLS, and kafka.security_protocol is {connection.security_protocol}: "
                "set SSL, or SASL_SSL where there are accounts"
            )
        return None
    plain = dataclasses.replace(connection, security_protocol="PLAINTEXT")
    try:
        (await _connect(plain, host, port)).close()
    except (KafkaError, OSError, TimeoutError):
        return None
    return (
        f"{host}:{port} speaks without TLS, and kafka.security_protocol is {connection.security_protocol}: "
        "use the port that the cluster has for it"
    )


async def _with_account(
    connection: KafkaConnection, host: str, port: int, mechanisms: list[str] | None
) -> str | None:
    if not connection.authenticated:
        if mechanisms is None:
            return None
        with_accounts = "SASL_SSL" if connection.encrypted else "SASL_PLAINTEXT"
        return (
            f"{host}:{port} wants an account: set kafka.security_protocol to {with_accounts}, "
            f"kafka.sasl_mechanism to one of {', '.join(mechanisms)}, kafka.sasl_username, and "
            "KAFKA_SASL_PASSWORD in the environment"
        )
    wanted = connection.sasl_mechanism or "PLAIN"
    if mechanisms is None:
        return (
            f"{host}:{port} knows no accounts, and kafka.security_protocol is "
            f"{connection.security_protocol}: set {'SSL' if connection.encrypted else 'PLAINTEXT'}, or use "
            "the port that the cluster has for accounts"
        )
    if wanted not in mechanisms:
        return f"it takes {', '.join(mechanisms)}, and kafka.sasl_mechanism is {wanted}"
    try:
        (await _connect(connection, host, port)).close()
    except SaslAuthenticationFailed:
        return (
            f"it does not accept the account {connection.sasl_username} with this password by {wanted}: see "
            "kafka.sasl_username, and KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE in the environment"
        )
    except (KafkaError, OSError, TimeoutError):
        return None
    return None
