"""What of a build's context stays behind: `.dockerignore`, matched in linear time whatever its patterns are.

A pattern also matches all below a folder that it matches, the last one that matches decides, and one with `!` reaches
into folders that stay behind otherwise. Source: Docker's documentation, ".dockerignore files"; BuildKit does the same.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import re2

from runtime.base.errors import Invalid

FILE = ".dockerignore"
TOKEN = re.compile(
    r"(?P<rest>\*\*$)|(?P<folders>\*\*/?)|(?P<part>\*)|(?P<one>\?)|(?P<set>\[\^?\]?[^\]]*\])|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)
WILDCARDS = {"rest": ".*", "folders": "(?:.*/)?", "part": "[^/]*", "one": "[^/]"}


class DockerIgnore:
    """The rules of one file. Raises Invalid for a pattern that is none."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        rules = [*_rules(text)]
        for _, pattern in rules:
            _compiled([pattern])
        groups = [(sign, [pattern for _, pattern in group]) for sign, group in groupby(rules, lambda rule: rule[0])]
        self._groups = [(takes_back, _compiled(patterns)) for takes_back, patterns in reversed(groups)]
        self.takes_back = any(takes_back for takes_back, _ in rules)

    def leaves_out(self, name: str) -> bool:
        """`name` is relative to the context, with slashes."""
        return not next((takes_back for takes_back, each in self._groups if each.fullmatch(name)), True)


def read(context: Path) -> DockerIgnore:
    """The context's own. Raises Invalid."""
    file = context / FILE
    try:
        return DockerIgnore(file.read_text(encoding="utf-8-sig") if file.is_file() else "")
    except UnicodeDecodeError as problem:
        raise Invalid("invalid-value", f"{FILE} is not UTF-8: {problem}") from problem


def _rules(text: str) -> Iterator[tuple[bool, str]]:
    """Patterns relative to the context, each with whether it takes files back."""
    for line in text.splitlines():
        written = line.strip()
        pattern = posixpath.normpath(written.removeprefix("!").strip()).lstrip("/")
        if pattern not in ("", ".") and not line.startswith("#"):
            yield written.startswith("!"), pattern


def _compiled(patterns: list[str]) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile("|".join(f"(?s:{_expression(pattern)}(?:/.*)?)" for pattern in patterns), options)
    except re2.error as problem:
        named = repr(patterns[0]) if len(patterns) == 1 else "all of it"
        raise Invalid("invalid-value", f"{FILE}: {named} can't be matched: {problem.args[0].decode()}") from problem


def _expression(pattern: str) -> str:
    return "".join(map(_translated, TOKEN.finditer(pattern)))


def _translated(token: re.Match[str]) -> str:
    kind = str(token.lastgroup)
    if kind in WILDCARDS:
        return WILDCARDS[kind]
    return token[kind] if kind == "set" else re2.escape(token[kind])
