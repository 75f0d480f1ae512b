"""The real ClickHouse engine behind its native protocol, as a child process on one machine.

`server` is what a supervisor uses; the rest is the server process:

    service       listens, a thread for each client
    connection    one client's packets            protocol, reading, compression, blocks: the wire
    session       one client in the engine        accounts, statements, inserts: what it may and wants
    engine        the engine itself
"""

from listener.embedded.clickhouse.server import Certificate, ClickHouseServer

__all__ = ["Certificate", "ClickHouseServer"]
