"""The claims of ARCHITECTURE.md about sizes and words: small modules, classes and functions, plain names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("greenroom", "runtime", "api", "cli", "testing", "tests", "benchmarks", "scripts", "sample_actors")
SIZED = ("greenroom", "runtime", "api", "cli", "testing", "benchmarks", "scripts")
"""The folders whose classes and functions have size limits. Tests have only the limit of modules."""

MAX_MODULE_LINES = 450
MAX_FUNCTION_LINES = 45
MAX_PUBLIC_METHODS = 15
MAX_COLLABORATORS = 8
"""Arguments of a constructor."""

LONG_FUNCTIONS: dict[str, str] = {}
"""Functions that may be longer, as `path:name`, each with its reason."""
LARGE_CLASSES: dict[str, str] = {}
"""Classes that may have more public methods or collaborators, as `path:name`, each with its reason."""

DIALECT = {
    *("tell", "tells", "told", "telling", "untold", "say", "says", "said", "saying"),
    *("keep", "keeps", "kept", "keeping", "ask", "asks", "asked", "asking", "look", "looks", "looked", "looking"),
}
"""Words that stand for the field's words: report, return, store, request, read ... (rule 2 of the project's prose)."""
DIALECT_PHRASES = ("take_up", "taken_up", "let_go", "go_on", "goes_on", "going_on", "come_to", "is_none", "for_ever")
PROTOCOL_NAMES = {
    "runtime/builds/archives.py:tell": "the method of a file object",
}
"""Names that another interface prescribes, as `path:name`."""


def sources(*folders: str) -> list[Path]:
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "node_modules" not in path.parts)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def defined_names(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives: to definitions, arguments, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case ast.alias(asname=str(alias)):
                yield alias


def is_dialect(name: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    joined = "_".join(words)
    return bool(DIALECT & set(words)) or any(f"_{each}_" in f"_{joined}_" for each in DIALECT_PHRASES)


@pytest.mark.parametrize("path", sources(*FOLDERS), ids=relative)
def test_names_are_standard_words(path: Path) -> None:
    names = {path.stem, *defined_names(tree_of(path))}
    dialect = {f"{relative(path)}:{name}" for name in names if is_dialect(name)}
    assert sorted(dialect - PROTOCOL_NAMES.keys()) == []


@pytest.mark.parametrize("path", sources(*FOLDERS), ids=relative)
def test_modules_are_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_MODULE_LINES


@pytest.mark.parametrize("path", sources(*SIZED), ids=relative)
def test_functions_are_short(path: Path) -> None:
    long = {
        f"{relative(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }
    assert {
        name: lines for name, lines in long.items() if lines > MAX_FUNCTION_LINES and name not in LONG_FUNCTIONS
    } == {}


@pytest.mark.parametrize("path", sources(*SIZED), ids=relative)
def test_classes_have_one_job(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ClassDef) and f"{relative(path)}:{node.name}" not in LARGE_CLASSES:
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            public = [each.name for each in methods if not each.name.startswith("_")]
            assert len(public) <= MAX_PUBLIC_METHODS, (node.name, public)
            for method in methods:
                if method.name == "__init__":
                    given = [*method.args.args[1:], *method.args.kwonlyargs]
                    assert len(given) <= MAX_COLLABORATORS, (node.name, [each.arg for each in given])


def test_every_exception_is_still_needed() -> None:
    for name in (*LONG_FUNCTIONS, *LARGE_CLASSES, *PROTOCOL_NAMES):
        place, _, defined = name.partition(":")
        assert defined in set(defined_names(tree_of(ROOT / place))), f"{name} no longer exists"
