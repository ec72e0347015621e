"""Suggestions for ids and names, through the protocol between the command and the shells."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cli.main import COMPLETION_VARIABLE, main

Suggest = Callable[[str], list[str]]


@pytest.fixture
def suggest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Suggest:
    """Return what bash would suggest for the last word of a line."""

    def suggestions(line: str) -> list[str]:
        monkeypatch.setenv(COMPLETION_VARIABLE, "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        return capsys.readouterr().out.split()

    return suggestions


def test_commands_and_options_are_suggested(suggest: Suggest) -> None:
    assert "prune" in suggest("greenroom p")
    assert suggest("greenroom run --mem") == ["--memory"]
