"""What the door to the web returns and raises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """A response, with the beginning of its body."""

    status: int
    body: str


class OutboundError(Exception):
    """The request could not be sent, or no valid response arrived in time. The message states the reason."""
