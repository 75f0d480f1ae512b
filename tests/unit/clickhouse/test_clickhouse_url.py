import pytest
from clickhouse_driver.errors import NetworkError, ServerException

from listener.clickhouse.client import described, read_url, translated
from listener.domain.errors import ServiceError, UsageError

URL = "clickhouse://writer:s%40cret%2F1@db.example:9001/listener"


def test_all_parts_are_read_and_percent_encoding_is_undone() -> None:
    address = read_url(URL)
    assert (address.host, address.port, address.user, address.password) == (
        "db.example",
        9001,
        "writer",
        "s@cret/1",
    )
    assert address.database == "listener"
    assert not address.secure


@pytest.mark.parametrize(
    ("url", "port", "secure"), [("clickhouse://h", 9000, False), ("clickhouses://h/", 9440, True)]
)
def test_what_is_left_out_has_a_default(url: str, port: int, secure: bool) -> None:
    address = read_url(url)
    assert (address.port, address.secure, address.user, address.database) == (
        port,
        secure,
        "default",
        "listener",
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://writer:hidden@h:8123/listener",
        "clickhouse://writer:hidden@h:port/listener",
        "clickhouse://writer:hidden@h:9000/a/b",
        "clickhouse://writer:hidden@h:9000/listener#hidden",
        "writer:hidden@h",
    ],
)
def test_a_wrong_url_is_wrong_use_and_is_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_url(url)
    assert "hidden" not in str(caught.value)
    assert "clickhouse://user:password@host:port/database" in str(caught.value)


def test_tls_has_its_files_behind_the_database() -> None:
    url = "clickhouses://h/listener?ca_certs=%2Fetc%2Fca.pem&certfile=c.pem&keyfile=k.pem&verify=false"
    address = read_url(url)
    assert (address.ca_certs, address.certfile, address.keyfile) == ("/etc/ca.pem", "c.pem", "k.pem")
    assert not address.verify
    assert read_url("clickhouses://h").verify


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("clickhouse://w:hidden@h/listener?ca_certs=hidden", "begin it with clickhouses://"),
        ("clickhouses://w:hidden@h/listener?password=hidden", "these options alone: ca_certs, certfile"),
        ("clickhouses://w:hidden@h/listener?verify=hidden", "verify must be true or false"),
        ("clickhouses://w:hidden@h/listener?ca_certs=", "ca_certs must be a file"),
        ("clickhouses://w:hidden@h/listener?keyfile=hidden", "no certfile"),
    ],
)
def test_a_wrong_option_is_told_without_its_value(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_url(url)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        NetworkError("Connection refused (db.example:9001)"),
        EOFError("Unexpected EOF while reading bytes"),
        ServerException("DB::Exception: Authentication failed", 516),
        ServerException("DB::Exception: Table listener.mentions does not exist. Stack trace:\n1. x", 60),
        ServerException("DB::Exception: Memory limit exceeded. Stack trace:\n1. x", 241),
    ],
)
def test_errors_name_the_address_without_the_password(error: Exception) -> None:
    with pytest.raises(ServiceError) as caught, translated(URL):
        raise error
    text = str(caught.value)
    assert "clickhouse://writer@db.example:9001/listener" in text
    assert "s@cret" not in text
    assert "s%40cret" not in text
    assert "1. x" not in text


def test_a_missing_table_says_what_to_do() -> None:
    assert "listener migrate" in str(described(URL, ServerException("DB::Exception: no table", 60)))
