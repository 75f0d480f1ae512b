"""What is held about a person: where, what, and how it goes."""
