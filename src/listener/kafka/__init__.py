"""What every stage shares to speak with Kafka. Imports the domain only and may be imported by all."""
