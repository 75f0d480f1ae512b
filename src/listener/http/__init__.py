"""Asking web servers, and telling them: limits of time and size, waits, and where we never go."""
