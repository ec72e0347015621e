from __future__ import annotations

import os
import signal

import pytest

from runtime import javascript_patterns
from runtime.javascript_patterns import Searcher, TooSlow, check

FOR_EVER = ("^(?:a?){50}a{50}$", "a" * 50)


@pytest.fixture
def searcher(monkeypatch: pytest.MonkeyPatch) -> Searcher:
    monkeypatch.setattr(javascript_patterns, "ALLOWED_SECS", 1.0)
    searcher = Searcher()
    searcher.begin()
    return searcher


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a+$", "aaa", True),
        ("^a+$", "aab", False),
        ("b", "aab", True),
        (r"^\p{L}+$", "abc", False),
        ("^.$", "\u017e", True),
        ("a\nb", "a\nb", True),
        ("", "", True),
        ("x", "y" * 1_000_000, False),
    ],
)
def test_patterns_are_javascripts(searcher: Searcher, pattern: str, text: str, found: bool) -> None:
    assert searcher.finds(pattern, text) is found


def test_what_is_no_pattern_is_refused() -> None:
    check("(a)")
    with pytest.raises(ValueError, match="Unbalanced"):
        check("(a")


def test_a_search_without_end_is_ended_and_the_next_input_is_searched(searcher: Searcher) -> None:
    with pytest.raises(TooSlow):
        searcher.finds(*FOR_EVER)
    with pytest.raises(TooSlow):  # the same input has no more time for another field
        searcher.finds("a", "a")
    searcher.begin()
    assert searcher.finds("a", "a")


def test_a_process_that_somebody_ended_is_started_again(searcher: Searcher) -> None:
    assert searcher.finds("a", "a")
    process = searcher._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert searcher.finds("a", "a")
