"""Tells people of alerts: chat, pagers, mail, webhooks."""
