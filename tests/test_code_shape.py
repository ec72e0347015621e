"""The claims of ARCHITECTURE.md about sizes and words: small modules, classes and functions, plain names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
Function = ast.FunctionDef | ast.AsyncFunctionDef
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
"""Vague words that are used in place of standard terms such as report, return, store, request and read."""
DIALECT_PHRASES = ("take_up", "taken_up", "let_go", "go_on", "goes_on", "going_on", "come_to", "is_none", "for_ever")
WORD = re.compile(r"[^\W\d]\w*")
PROTOCOL_NAMES = {
    "runtime/builds/archives.py:tell": "the method of a file object",
}
"""Names that another interface prescribes, as `path:name`."""


def sources(*folders: str) -> list[Path]:
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "node_modules" not in path.parts)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def defined_names(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module gives to definitions, arguments, variables, attributes and import aliases."""
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


@dataclass(frozen=True, slots=True)
class ClassShape:
    name: str
    public_methods: int
    collaborators: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The facts about a module that the tests check. Each module is parsed only once."""

    functions: Mapping[str, int]
    """The number of lines of each function. Of functions with the same name, the longest one counts."""
    classes: tuple[ClassShape, ...]


@cache
def shape_of(path: Path) -> Shape:
    found = list(definitions(ast.parse(path.read_text())))
    functions: dict[str, int] = {}
    for node in found:
        if isinstance(node, Function) and node.end_lineno is not None:
            functions[node.name] = max(functions.get(node.name, 0), node.end_lineno - node.lineno + 1)
    return Shape(functions, tuple(class_shape(node) for node in found if isinstance(node, ast.ClassDef)))


def definitions(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """Yield all functions and classes, including nested ones. Expressions, which cannot contain any, are skipped."""
    statements: list[ast.AST] = [tree]
    for node in statements:
        if isinstance(node, Function | ast.ClassDef):
            yield node
        for blocks in ("body", "orelse", "finalbody", "handlers", "cases"):
            statements += getattr(node, blocks, ())


def class_shape(node: ast.ClassDef) -> ClassShape:
    methods = [each for each in node.body if isinstance(each, Function)]
    constructors = [each.args for each in methods if each.name == "__init__"]
    return ClassShape(
        node.name,
        public_methods=len([each for each in methods if not each.name.startswith("_")]),
        collaborators=sum(len(args.args) - 1 + len(args.kwonlyargs) for args in constructors),
    )


@cache
def is_dialect(name: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    joined = "_".join(words)
    return bool(DIALECT & set(words)) or any(f"_{each}_" in f"_{joined}_" for each in DIALECT_PHRASES)


def names_to_check(path: Path) -> Iterable[str]:
    """Return the names that a module defines, or none if no word of its text is dialect: parsing takes time."""
    text = path.read_text()
    return defined_names(ast.parse(text)) if any(map(is_dialect, WORD.findall(text))) else ()


def test_names_are_standard_words() -> None:
    dialect = {
        f"{relative(path)}:{name}"
        for path in sources(*FOLDERS)
        for name in (path.stem, *names_to_check(path))
        if is_dialect(name)
    }
    assert sorted(dialect - PROTOCOL_NAMES.keys()) == []


def test_modules_are_small() -> None:
    lines = {relative(path): len(path.read_text().splitlines()) for path in sources(*FOLDERS)}
    assert {name: count for name, count in lines.items() if count > MAX_MODULE_LINES} == {}


def test_functions_are_short() -> None:
    lines = {
        f"{relative(path)}:{name}": count
        for path in sources(*SIZED)
        for name, count in shape_of(path).functions.items()
    }
    long = {name: count for name, count in lines.items() if count > MAX_FUNCTION_LINES}
    assert long.keys() - LONG_FUNCTIONS.keys() == set(), long


def test_classes_have_one_job() -> None:
    large = {
        f"{relative(path)}:{each.name}": each
        for path in sources(*SIZED)
        for each in shape_of(path).classes
        if each.public_methods > MAX_PUBLIC_METHODS or each.collaborators > MAX_COLLABORATORS
    }
    assert large.keys() - LARGE_CLASSES.keys() == set(), large


def test_every_exception_names_something_that_exists() -> None:
    for name in (*LONG_FUNCTIONS, *LARGE_CLASSES, *PROTOCOL_NAMES):
        place, _, defined = name.partition(":")
        assert defined in set(defined_names(ast.parse((ROOT / place).read_text()))), f"{name} no longer exists"
