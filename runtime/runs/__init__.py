"""Runs: how one starts, what can be ordered, and the supervisor that takes each to its end."""
