"""Webhooks: subscriptions to events, the dispatches that events create, and their delivery."""
