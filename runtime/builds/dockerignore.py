"""`.dockerignore`: which files of a folder are not part of the build context. Every pattern is matched in linear time.

A pattern that matches a folder also matches everything in it. The last matching pattern decides, and a pattern with `!`
includes files even inside an excluded folder, as in BuildKit.

Source: ".dockerignore files" in Docker's documentation.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.lines import lines_of

FILE = ".dockerignore"
TOKEN = re.compile(
    r"(?P<rest>\*\*$)|(?P<folders>\*\*/?)|(?P<part>\*)|(?P<one>\?)|(?P<set>\[\^?\]?[^\]]*\])|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)
WILDCARDS = {"rest": ".*", "folders": "(?:.*/)?", "part": "[^/]*", "one": "[^/]"}


class DockerIgnore:
    """The patterns of one file. Raises Invalid if one is not valid.

    `has_exceptions` is whether any pattern begins with `!`, so that an excluded folder may contain included files.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text
        rules = [*_rules(text)]
        for _, pattern in rules:
            _compile([pattern])
        groups = [
            (includes, [pattern for _, pattern in group]) for includes, group in groupby(rules, lambda rule: rule[0])
        ]
        self._groups = [(includes, _compile(patterns)) for includes, patterns in reversed(groups)]
        self.has_exceptions = any(includes for includes, _ in rules)

    def excludes(self, name: str) -> bool:
        """`name` is a path relative to the context, with slashes."""
        return not next((includes for includes, group in self._groups if group.fullmatch(name)), True)


def read(context: Path) -> DockerIgnore:
    """Read the file of a context folder; without one, nothing is excluded. Raises Invalid."""
    file = context / FILE
    try:
        return DockerIgnore(file.read_bytes().decode("utf-8-sig") if file.is_file() else "")
    except UnicodeDecodeError as problem:
        raise Invalid("invalid-value", f"{FILE} is not UTF-8: {problem}") from problem


def _rules(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the patterns, relative to the context, each with whether it includes files."""
    for line in lines_of(text):
        stripped = line.strip()
        pattern = posixpath.normpath(stripped.removeprefix("!").strip()).lstrip("/")
        if pattern not in ("", ".") and not line.startswith("#"):
            yield stripped.startswith("!"), pattern


def _compile(patterns: list[str]) -> Any:
    import re2  # one of the libraries that only builds need

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile("|".join(f"(?s:{_expression(pattern)}(?:/.*)?)" for pattern in patterns), options)
    except re2.error as problem:
        subject = f"the pattern {patterns[0]!r} is" if len(patterns) == 1 else "the patterns together are"
        reason = problem.args[0].decode()
        raise Invalid("invalid-value", f"{FILE}: {subject} not valid: {reason}") from problem


def _expression(pattern: str) -> str:
    return "".join(map(_translate, TOKEN.finditer(pattern)))


def _translate(token: re.Match[str]) -> str:
    import re2

    kind = str(token.lastgroup)
    if kind in WILDCARDS:
        return WILDCARDS[kind]
    return token[kind] if kind == "set" else re2.escape(token[kind])
