"""The health page of processes without an event loop, asked over real sockets."""

import time
from collections.abc import Callable

import httpx
import pytest

from listener.domain.errors import PortTaken, ServiceError
from listener.embedded.ports import LOOPBACK, free_port
from listener.health_server import HealthServer, Pulse


def ask(port: int, path: str) -> httpx.Response:
    return httpx.get(f"http://{LOOPBACK}:{port}{path}", timeout=5)


def wait_for(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_ready_is_when_all_checks_hold() -> None:
    port = free_port()
    held = {"assigned": True, "store_answers": False}
    checks = {name: lambda name=name: held[name] for name in held}
    with HealthServer(LOOPBACK, port, checks):
        wait_for(lambda: ask(port, "/readyz").json() == held)
        assert ask(port, "/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert ask(port, "/livez").status_code == httpx.codes.OK
        held["store_answers"] = True
        wait_for(lambda: ask(port, "/readyz").status_code == httpx.codes.OK)
        assert "listener_ready 1.0" in ask(port, "/metrics").text
        assert ask(port, "/else").status_code == httpx.codes.NOT_FOUND


def test_a_check_that_raises_says_no_and_one_that_hangs_holds_up_nobody() -> None:
    port = free_port()

    def away() -> bool:
        raise ServiceError("nobody answers")

    def hangs() -> bool:
        time.sleep(3)
        return True

    with HealthServer(LOOPBACK, port, {"away": away, "slow": hangs}):
        began = time.monotonic()
        assert ask(port, "/readyz").json() == {"away": False, "slow": False}
        assert ask(port, "/metrics").status_code == httpx.codes.OK
        assert time.monotonic() - began < 2
        wait_for(lambda: ask(port, "/readyz").json() == {"away": False, "slow": True})


def test_a_loop_that_hangs_is_not_alive() -> None:
    port = free_port()
    pulse = Pulse(silent_seconds=0.5)
    with HealthServer(LOOPBACK, port, {}, alive=pulse.alive):
        pulse.beat()
        assert ask(port, "/livez").status_code == httpx.codes.OK
        wait_for(lambda: ask(port, "/livez").status_code == httpx.codes.SERVICE_UNAVAILABLE)
        pulse.beat()
        assert ask(port, "/livez").status_code == httpx.codes.OK


def test_a_taken_port_is_told() -> None:
    port = free_port()
    with HealthServer(LOOPBACK, port, {}), pytest.raises(PortTaken, match=str(port)):
        HealthServer(LOOPBACK, port, {})


def test_nothing_is_served_where_no_port_is_given() -> None:
    with HealthServer(LOOPBACK, None, {"never": lambda: False}):
        pass
