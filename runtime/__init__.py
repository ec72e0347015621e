"""The orchestrator and everything below it."""
