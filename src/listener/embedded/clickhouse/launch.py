"""What the server process and its supervisor agree on."""

PASSWORD_VARIABLE = "LISTENER_CLICKHOUSE_PASSWORD"  # noqa: S105 a name, not a password
READER_PASSWORD_VARIABLE = "LISTENER_CLICKHOUSE_READER_PASSWORD"  # noqa: S105 a name, not a password

EXIT_FAILED, EXIT_USAGE, EXIT_PORT_TAKEN, EXIT_DISK_FULL = 1, 2, 3, 4

DRAIN_SECONDS = 20.0
"""How long statements may still run after the server was asked to end."""
