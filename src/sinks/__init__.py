"""Where topics are stored and forwarded to: one consumer group each."""
