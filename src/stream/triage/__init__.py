"""Stage 2: cases by party, and what the policy decides about them; pure, so that it runs without Kafka."""
