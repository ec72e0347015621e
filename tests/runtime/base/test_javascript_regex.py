from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from runtime.base import javascript_regex
from runtime.base.javascript_regex import RegexLimitExceeded, Searcher

ENDLESS = ("^(?:a?){50}a{50}$", "a" * 50)
ALL_MEMORY = ("^((a|b|ab)*)*c", "ab" * 5_000_000)


@pytest.fixture
def searcher() -> Iterator[Searcher]:
    searcher = Searcher()
    with searcher.searching():
        yield searcher


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
def test_patterns_match_as_in_javascript(searcher: Searcher, pattern: str, text: str, found: bool) -> None:
    assert searcher.finds(pattern, text) is found


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("(a", "Unbalanced"), ("(" * 20_000 + ")" * 20_000, "too deeply nested"), ("a|" * 300_000, "too complex")],
)
def test_an_invalid_pattern_is_rejected(searcher: Searcher, pattern: str, message: str) -> None:
    searcher.check("(a)")
    with pytest.raises(ValueError, match=message):
        searcher.check(pattern)
    searcher.check("(a)")


@pytest.mark.processes
def test_an_endless_search_is_stopped_and_the_next_input_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript_regex, "ALLOWED_SECS", 1.0)
    searcher = Searcher()
    with searcher.searching():
        with pytest.raises(RegexLimitExceeded):
            searcher.finds(*ENDLESS)
        with pytest.raises(RegexLimitExceeded):  # one time limit covers all fields of an input
            searcher.finds("a", "a")
    monkeypatch.undo()
    with searcher.searching():
        assert searcher.finds("a", "a")


@pytest.mark.processes
def test_a_search_that_needs_too_much_memory_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript_regex, "ALLOWED_SECS", 60.0)
    searcher = Searcher()
    with searcher.searching(), pytest.raises(RegexLimitExceeded):
        searcher.finds(*ALL_MEMORY)


def test_a_killed_helper_is_started_again(searcher: Searcher) -> None:
    other_processes = psutil.Process().children()
    assert searcher.finds("a", "a")
    [helper] = set(psutil.Process().children()) - set(other_processes)
    helper.kill()
    helper.wait()
    assert searcher.finds("a", "a")


def test_the_process_finds_its_package_where_the_server_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "regress.py").write_text("class Regex:\n  def __init__(*_): pass\n  def find(*_): return True\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    searcher = Searcher()
    with searcher.searching():
        assert searcher.finds("a", "b")
