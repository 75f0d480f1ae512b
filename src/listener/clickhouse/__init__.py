"""What sinks and reports share to speak with ClickHouse. Imports the domain only, may be imported by all."""
