"""The rules of the selection. `tests/clients/test_pushed_files.py` compares the results with those of the command."""

from __future__ import annotations

from pathlib import Path

from runtime.builds.push_selection import PushSelection

NAMES = ["a.log", "a.txt", "dist/x.js", "dist/deep/y.js", "src/a.log", "src/main.js", ".actor/actor.json"]


def selected(folder: Path, git_ignored: frozenset[str] | None = None, *more: str, **files: list[str]) -> set[str]:
    """Return which of NAMES and `more` are selected, with ignore files that consist of these lines."""
    for name, lines in files.items():
        (folder / f".{name}").write_text("\n".join(lines))
    selection = PushSelection(folder, git_ignored)
    return {name for name in [*NAMES, *more] if selection.includes(name)}


def test_everything_is_selected_without_ignore_files(tmp_path: Path) -> None:
    assert selected(tmp_path, frozenset(), "sub/node_modules/x") == {*NAMES, "sub/node_modules/x"}


def test_what_is_never_selected(tmp_path: Path) -> None:
    never = [".git/config", "node_modules/x", "storage/x", "apify_storage/x", "crawlee_storage/x", "storage"]
    assert selected(tmp_path, None, *never, actorignore=["!node_modules"]) == {*NAMES}
    assert not PushSelection(tmp_path, None).may_include("node_modules")


def test_lines_of_ignore_files_end_with_line_feeds_only(tmp_path: Path) -> None:
    lines = ["nothing\u2028src", "nothing\x0cdist\r", "a.log\r"]
    expected = {*NAMES} - {"a.log", "src/a.log"}
    assert selected(tmp_path, None, gitignore=lines) == expected
    assert selected(tmp_path, frozenset(), gitignore=[], actorignore=lines) == expected


def test_what_git_ignores_is_exact(tmp_path: Path) -> None:
    """Git lists paths, not patterns: `a.log` does not exclude `src/a.log`, which git may track."""
    assert selected(tmp_path, frozenset({"a.log", "dist/deep/"})) == {*NAMES} - {"a.log", "dist/deep/y.js"}


def test_gitignore_files_apply_only_outside_a_repository(tmp_path: Path) -> None:
    assert selected(tmp_path, frozenset(), gitignore=["*.log"]) == {*NAMES}
    assert selected(tmp_path, None) == {*NAMES} - {"a.log", "src/a.log"}


def test_the_gitignore_files_above_end_at_a_repository(tmp_path: Path) -> None:
    folder = tmp_path / "outer/inner/actor"
    folder.mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("*.txt")
    (tmp_path / "outer/.gitignore").write_text("*.js")
    (tmp_path / "outer/inner/.gitignore").write_text("/actor/dist\n/dist\n/src")
    assert selected(folder) == {"a.log", "src/a.log", ".actor/actor.json"}
    (tmp_path / "outer/.git").mkdir()
    assert selected(folder) == {*NAMES} - {"dist/x.js", "dist/deep/y.js"}


def test_negations_in_actorignore_win_over_everything(tmp_path: Path) -> None:
    lines = ["src", "!dist/deep", "!src/main.js"]
    ignored = frozenset({"dist/", "a.log"})
    expected = {"a.txt", "dist/deep/y.js", "src/main.js", ".actor/actor.json"}
    assert selected(tmp_path, ignored, actorignore=lines) == expected
    assert PushSelection(tmp_path, ignored).may_include("dist")
    (tmp_path / ".actorignore").write_text("src")
    assert not PushSelection(tmp_path, ignored).may_include("dist")
    assert not PushSelection(tmp_path, ignored).may_include("src")


def test_the_folder_of_the_definition_is_always_selected(tmp_path: Path) -> None:
    assert selected(tmp_path, frozenset({".actor/", "src/"}), actorignore=[".actor", "*.js", "*.json", "a.*"]) == {
        ".actor/actor.json"
    }
    assert PushSelection(tmp_path, frozenset({".actor/"})).may_include(".actor")
