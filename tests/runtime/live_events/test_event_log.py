"""The log of the last events: bounded, and exact about what it has lost."""

from __future__ import annotations

from runtime.live_events.event_log import EventLog


def positions(log: EventLog, after: int = 0) -> list[tuple[int, bytes]]:
    return [(event.position, event.content) for event in log.after(after)]


def add(log: EventLog, content: bytes, key: str | None = None, topic: str = "runs") -> None:
    log.add(topic, "run", content, "user1", key)


def test_the_newest_event_with_a_key_replaces_the_one_before() -> None:
    log = EventLog()
    add(log, b"1", "a")
    add(log, b"2", "b")
    add(log, b"3", "a")
    add(log, b"4", "a", topic="builds")
    assert positions(log) == [(2, b"2"), (3, b"3"), (4, b"4")]
    assert positions(log, after=3) == [(4, b"4")]
    assert log.lost_until("runs") == 0


def test_it_is_bounded_in_events_and_bytes_and_knows_what_it_has_lost() -> None:
    log = EventLog(most=3, most_bytes=100)
    add(log, b"old", topic="builds")
    for number in range(3):
        add(log, b"%d" % number)
    assert (log.lost_until("builds"), log.lost_until("runs")) == (1, 0)
    add(log, b"x" * 99)
    assert positions(log) == [(4, b"2"), (5, b"x" * 99)]
    assert log.lost_until("runs") == 3
    add(log, b"y" * 101)
    assert positions(log) == []
    assert log.lost_until("runs") == 6
    add(log, b"new")
    assert positions(log) == [(7, b"new")]


def test_a_removed_topic_leaves_nothing_behind() -> None:
    log = EventLog(most=2)
    for topic in ("runs", "builds", "runs"):
        add(log, b"1", topic=topic)
    log.remove("runs")
    assert positions(log) == [(2, b"1")]
    assert log.lost_until("runs") == 0
