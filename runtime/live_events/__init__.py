"""Live events: what happens in the server, for pages that show it, as a stream that survives reconnects.

Any part of the server can publish. A topic that nobody listens to costs nothing.
"""

from __future__ import annotations

from runtime.live_events.connection import Batch, LiveConnection
from runtime.live_events.event_log import LiveEvent
from runtime.live_events.hub import LiveEvents
from runtime.live_events.row_feed import RowFeed

__all__ = ["Batch", "LiveConnection", "LiveEvent", "LiveEvents", "RowFeed"]
