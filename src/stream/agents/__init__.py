"""The Faust agents: what each reads, and in which turn."""
