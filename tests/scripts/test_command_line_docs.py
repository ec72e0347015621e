from __future__ import annotations

from pathlib import Path

import pytest

from scripts import command_line_docs
from scripts.command_line_docs import MARKER, PAGE, reference, updated


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert page == updated(page), "docs/command-line.md is out of date: run `python -m scripts.command_line_docs`."


def test_the_text_above_the_marker_stays() -> None:
    assert updated(f"# Title\n{MARKER}old reference\n") == f"# Title\n{MARKER}{reference()}"


def test_a_page_without_a_marker_is_rejected() -> None:
    with pytest.raises(ValueError, match="has no line"):
        updated("# Title\n")


def test_every_command_has_a_section_with_its_help() -> None:
    text = reference()
    for command in ("", " up", " down", " status", " run", " push", " storage", " storage import", " storage export"):
        assert f"## `greenroom{command}`\n" in text
    assert "| `-i, --input JSON\\|@FILE\\|-` | Pass this input: JSON, a file, or - for stdin." in text
    assert (
        "| `--port N` | Listen on this port. Default: $GREENROOM_PORT, server.port in greenroom.toml, or 3333. |"
        in text
    )
    assert "greenroom storage export [OPTIONS] [STORAGE ...]" in text


def test_main_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n{MARKER}")
    monkeypatch.setattr(command_line_docs, "PAGE", page)
    command_line_docs.main()
    assert page.read_text() == updated(f"# Title\n{MARKER}")
