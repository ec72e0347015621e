"""Which values a log must hide."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.base.records import EnvVar

MIN_SECRET_LENGTH = 4
"""Shorter secrets are not hidden: replacing every `1` would only make the log unreadable."""


def values_to_hide(secrets: Iterable[str]) -> list[str]:
    """Return each secret as a whole and line by line, since a log holds lines; without those that are too short."""
    values = {value for secret in secrets for value in (secret, *secret.splitlines())}
    return [value for value in values if len(value) >= MIN_SECRET_LENGTH]


def secret_values(env_vars: Iterable[EnvVar]) -> list[str]:
    """Return the values of secret environment variables that a log must hide."""
    return values_to_hide(variable.value for variable in env_vars if variable.is_secret)
