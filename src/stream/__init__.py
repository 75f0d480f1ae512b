"""The stream workers: mentions become enriched mentions, and these become cases."""
