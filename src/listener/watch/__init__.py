"""Watches what is heard for the unusual: spikes, growth, what is new, moods; tells of it by alerts."""
