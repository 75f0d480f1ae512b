"""Stage 1: enrichment, customer match and history by author; pure, so that it runs without Kafka."""
