from __future__ import annotations

import pytest

from runtime.base.errors import Invalid
from runtime.base.source_paths import SourcePaths, plain_path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("main.py", "main.py"),
        (".actor/actor.json", ".actor/actor.json"),
        ("./a//b/", "a/b"),
        (".", "."),
        ("a b", "a b"),
        ("..a/a..b", "..a/a..b"),
        ("grün", "grün"),
        ("ab:c", "ab:c"),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_path_inside_a_folder_is_normalized(name: str, path: str) -> None:
    assert plain_path(name) == path


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "//x",
        "..",
        "../x",
        "a/../../x",
        "a/..",
        "a\\b",
        "C:/x",
        "c:x",
        "a\0b",
        "a\nb",
        "a\x1b[31mb",
        "a\x7fb",
        "a\udc80b",
        "x" * 256,
        "ü" * 128,
        "/".join("x" * 600),
        "x/" * 65 + "x",
    ],
)
def test_an_invalid_name_is_rejected(name: str) -> None:
    with pytest.raises(Invalid, match="Source file name"):
        plain_path(name)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("a", "a", "twice"),
        ("a", "./a", "twice"),
        ("a", "a/b", "file and a folder"),
        ("a/b", "a", "file and a folder"),
        ("Readme", "README", "case"),
        ("src/a", "Src/b", "case"),
        ("e\u0301", "\u00e9", "case"),
        ("straße", "STRASSE", "case"),
    ],
)
def test_paths_that_cannot_exist_in_one_tree_are_rejected(first: str, second: str, why: str) -> None:
    paths = SourcePaths()
    paths.add(first, is_folder=False)
    with pytest.raises(Invalid, match=why):
        paths.add(second, is_folder=False)


def test_a_folder_can_be_added_twice_and_hold_several_files() -> None:
    paths = SourcePaths()
    for name, is_folder in (("a", True), ("a", True), ("a/b", False), ("a/c", False), (".", True)):
        paths.add(name, is_folder=is_folder)
