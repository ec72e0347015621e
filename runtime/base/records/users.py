"""Users and the keys that encrypt their secret inputs."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.base.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user. The last two fields are limits that the user has set; None means those of the server."""

    id: str
    username: str
    created_at: Millis
    max_monthly_usage_usd: float | None = None
    data_retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputKey:
    """The key pair for secret fields of a user's inputs for an Actor. `private_key` is an encrypted PEM."""

    id: str
    actor_id: str
    private_key: str
    passphrase: str
