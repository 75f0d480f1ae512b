"""Listener: every channel in one stream, cases by customer, root causes counted by people."""
