import pytest

from listener.clickhouse import pool
from listener.clickhouse.pool import ClientPool
from listener.domain.errors import ServiceError


class Client:
    """A connection that may break."""

    def __init__(self) -> None:
        self.open = True

    def disconnect(self) -> None:
        self.open = False


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    made: list[Client] = []

    def connect(url: str, *, answer_timeout_seconds: float) -> Client:
        made.append(Client())
        return made[-1]

    monkeypatch.setattr(pool, "connect", connect)
    return made


def test_a_connection_is_used_again_and_never_by_two(made: list[Client]) -> None:
    clients = ClientPool("clickhouse://h:9000/d", kept=1)
    with clients.client() as one, clients.client() as other:
        assert one is not other
    with clients.client():
        pass
    assert [client.open for client in made] == [False, True], "one is kept"
    clients.close()
    assert not any(client.open for client in made)


def test_after_an_error_it_is_not_used_again(made: list[Client]) -> None:
    clients = ClientPool("clickhouse://h:9000/d")
    with pytest.raises(ServiceError), clients.client():
        raise ConnectionResetError("reset")
    with clients.client():
        pass
    assert [client.open for client in made] == [False, True]
