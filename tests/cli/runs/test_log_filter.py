from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cli.runs.log_filter import LogFilter
from tests.examples import examples

LOG = "".join(f"2026-01-01T00:00:0{second}.000Z line {second}\n" for second in range(10)).encode() + b"no stamp\n"


@settings(max_examples=examples(50))
@given(st.lists(st.integers(0, len(LOG)), max_size=5))
def test_the_chunks_of_a_log_do_not_matter(cuts: list[int]) -> None:
    lines = LogFilter(datetime(2026, 1, 1, 0, 0, 8, tzinfo=UTC), re.compile("line|stamp"))
    places = [0, *sorted(cuts), len(LOG)]
    chunks = [LOG[start:end] for start, end in pairwise(places)]
    selected = b"".join(map(lines.feed, chunks)) + lines.end()
    assert [line.rpartition(b" ")[2] for line in selected.splitlines()] == [b"8", b"9", b"stamp"]
