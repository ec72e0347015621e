from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.terminal.times import ago, parse_since


def test_distances_from_now() -> None:
    stamp, moment = "2026-01-01T00:00:00.000Z", datetime(2026, 1, 1, tzinfo=UTC)
    assert ago(stamp, moment + timedelta(seconds=59)) == "59 s ago"
    assert ago(stamp, moment + timedelta(minutes=119)) == "1 h ago"
    assert ago(stamp, moment - timedelta(days=2)) == "in 2 d"


def test_since_is_a_duration_or_a_timestamp() -> None:
    assert parse_since("2026-01-01T01:00:00+01:00") == datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_since("1h") < parse_since("30m") < datetime.now(UTC)
    for text in ("soon", "", "10", "-5m", "999999999999d"):
        with pytest.raises(ValueError, match="is not a time"):
            parse_since(text)
