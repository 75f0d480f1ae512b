"""A real Kafka broker and a real ClickHouse engine for one machine, as child processes."""
