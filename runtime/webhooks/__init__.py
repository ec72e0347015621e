"""Webhooks: which events are dispatched to which URLs, and how."""
