"""Where outgoing requests never go: into the company's own network, unless the configuration names the host.

An address in a configuration must not make this process ask the machine's own services or a cloud's metadata
(server-side request forgery, OWASP A10:2021). The check is made on the address that the connection really goes to,
after the name was resolved and for each connection anew, so that a name that resolves to something else the second
time gains nothing (DNS rebinding).
"""

import ipaddress
import socket
from collections.abc import Collection, Iterable, Mapping

import httpcore
import httpx

SocketOptions = Iterable[httpcore.SOCKET_OPTION]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet.

    IPv4 addresses that are written inside IPv6 (mapped, 6to4, Teredo, NAT64) are judged as what they lead to.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or _nat64(ip)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """RFC 6052: 64:ff9b::/96 and, for local use, RFC 8215: 64:ff9b:1::/48 hold an IPv4 address at the end."""
    if ip in ipaddress.ip_network("64:ff9b::/96") or ip in ipaddress.ip_network("64:ff9b:1::/48"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


class GuardedBackend(httpcore.SyncBackend):
    """Connects to public addresses, and to the hosts that the configuration names.

    Args:
        internal_hosts: names or IP addresses, as they stand in the addresses, that may be internal.
    """

    def __init__(self, internal_hosts: Collection[str] = ()) -> None:
        self._internal = frozenset(host.lower().strip("[]") for host in internal_hosts)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        """Resolves once, and connects to what was checked.

        Raises:
            httpcore.ConnectError: the name is unknown, all its addresses are internal, or nobody listens.
        """
        if host.lower().strip("[]") in self._internal:
            return super().connect_tcp(host, port, timeout, local_address, socket_options)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error}") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        public = [address for address in addresses if is_public(address)]
        if not public:
            raise httpcore.ConnectError(
                f"{host} is {', '.join(addresses)}, inside a network of the company's: if that is meant, name it "
                "in internal_hosts"
            )
        problem: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in public:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem or httpcore.ConnectError(host)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: SocketOptions | None = None
    ) -> httpcore.NetworkStream:
        """Never.

        Raises:
            httpcore.ConnectError: always.
        """
        raise httpcore.ConnectError(f"{path}: no request goes to a socket of this machine")


class GuardedTransport(httpx.HTTPTransport):
    """httpx's own way of sending, over guarded connections; proxies of the environment are not used.

    Args:
        internal_hosts: see `GuardedBackend`.
    """

    def __init__(self, internal_hosts: Collection[str] = ()) -> None:
        super().__init__(trust_env=False)
        # httpx has no argument for it; the pool that it makes takes it, and connects through nothing else.
        self._pool._network_backend = GuardedBackend(internal_hosts)  # noqa: SLF001


def guarded_client(
    timeout_seconds: float, headers: Mapping[str, str], *, internal_hosts: Collection[str] = ()
) -> httpx.Client:
    """A client for addresses outside: guarded, and follows no redirect, since headers may hold secrets.

    Args:
        internal_hosts: hosts that may be in an internal network, such as a helpdesk of the company's own.
    """
    return httpx.Client(
        headers=headers, timeout=timeout_seconds, transport=GuardedTransport(internal_hosts), trust_env=False
    )
