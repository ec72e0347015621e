"""The configuration file of a project: `greenroom.toml`, or `[tool.greenroom]` in pyproject.toml.

The nearest file counts, from a folder up to the root of its git repository. Outside of a repository, only the folder
itself counts, because folders above it, such as /tmp, may belong to others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from runtime.base.setting_table import BY_KEY, TABLES, Setting

FILE = "greenroom.toml"
PYPROJECT = "pyproject.toml"
PYPROJECT_TABLE = ("tool", "greenroom")
SIMILARITY = 0.6
"""How similar an unknown name is to the setting that the message suggests, from 0 to 1."""


class ConfigurationError(ValueError):
    """A setting, or the file with it, is not valid. The message names the place; `advice` is what to do next."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True)
class ConfigurationFile:
    """A parsed file. `root` are the names of the table that holds the settings, empty for the file itself."""

    path: Path
    text: str
    root: tuple[str, ...]
    document: Mapping[str, Any]

    def settings(self) -> Iterator[tuple[Setting, Any]]:
        """Yield each setting in the file with its parsed value. Raises ConfigurationError."""
        for table, content in self.document.items():
            if table not in TABLES:
                raise self._unknown((table,), self._table_advice(table))
            if not isinstance(content, Mapping):
                raise self._error((table,), f"must be a table: [{'.'.join((*self.root, table))}]")
            for name, value in content.items():
                setting = TABLES[table].get(name)
                if setting is None:
                    raise self._unknown((table, name), _key_advice(table, name))
                yield setting, self._parsed(setting, value)

    def place(self, *names: str) -> str:
        """Return the path of the file, with the line of this key if it is in the file."""
        line = self._lines.get(names)
        return f"{self.path}:{line}" if line else str(self.path)

    def _parsed(self, setting: Setting, value: Any) -> Any:
        key = (setting.table, setting.name)
        if setting.rejected:
            raise self._error(key, f"cannot be set in a file: {setting.rejected}", _elsewhere(setting))
        try:
            parsed = setting.kind.parse_toml(value)
            parsed = self._in_folder(parsed) if setting.key == "run.input" else parsed
        except ValueError as error:
            raise self._error(key, str(error)) from error
        if setting.rejected_value and parsed == setting.rejected_value[0]:
            raise self._error(key, f"cannot be '{parsed}' in a file: {setting.rejected_value[1]}", _elsewhere(setting))
        return parsed

    def _in_folder(self, given: str) -> str:
        """Return an input with the absolute path of its file. Other files of this machine are not for the Actor."""
        if not given.startswith("@"):
            return given
        folder = self.path.parent.resolve()
        file = (folder / given[1:]).resolve()
        if not file.is_relative_to(folder):
            raise ValueError(f"must be a file in {folder}, not {file}")
        return f"@{file}"

    def _error(self, names: tuple[str, ...], reason: str, advice: str = "") -> ConfigurationError:
        return ConfigurationError(f"{self.place(*names)}: {'.'.join(names)} {reason}.", advice)

    def _unknown(self, names: tuple[str, ...], advice: str) -> ConfigurationError:
        return ConfigurationError(f"{self.place(*names)}: {'.'.join(names)} is not a setting.", advice)

    def _table_advice(self, name: str) -> str:
        tables = [key for key, setting in BY_KEY.items() if setting.name == name]
        if tables:
            return f"Did you mean {' or '.join(tables)}?"
        close = close_matches(name, TABLES)
        prefix = "".join(f"{each}." for each in self.root)
        return f"Did you mean [{prefix}{close[0]}]?" if close else f"The tables are {_table_names(prefix)}."

    @cached_property
    def _lines(self) -> Mapping[tuple[str, ...], int]:
        """The lines on which tables and keys begin, from 1. The parser does not report them.

        The file is parsed once for each of its lines, up to that line. If the part is valid and has a key that earlier
        parts did not have, the key's statement begins on the line after the last valid part.
        """
        lines = self.text.replace("\r\n", "\n").split("\n")
        found: dict[tuple[str, ...], int] = {}
        wanted = set(_keys(self.document))
        begin = 1
        for count in range(_first_line(lines, self.root), len(lines) + 1):
            try:
                document = _descend(tomllib.loads("\n".join(lines[:count])), self.root)
            except tomllib.TOMLDecodeError:
                continue
            for key in _keys(document):
                found.setdefault(key, begin)
            begin = count + 1
            if wanted <= found.keys():
                break
        return found


def find_configuration(folder: Path) -> ConfigurationFile | None:
    """Return the nearest configuration file of a folder. Raises ConfigurationError."""
    for each in _searched(folder.resolve()):
        files = [file for file in (_own_file(each / FILE), _pyproject(each / PYPROJECT)) if file]
        if len(files) > 1:
            raise ConfigurationError(
                f"{files[0].path} and [{'.'.join(PYPROJECT_TABLE)}] in {files[1].path} both configure Greenroom.",
                "Move all settings to one of them.",
            )
        if files:
            return files[0]
    return None


def read_configuration(path: Path) -> ConfigurationFile:
    """Return the configuration in a file of any name. Raises ConfigurationError."""
    file = _pyproject(path) if path.name == PYPROJECT else _own_file(path)
    if file is None:
        missing = "has no [tool.greenroom]" if path.is_file() else "does not exist"
        raise ConfigurationError(f"The configuration file {path} {missing}.")
    return file


def _searched(folder: Path) -> list[Path]:
    above = [folder, *folder.parents]
    root = next((index for index, each in enumerate(above) if (each / ".git").exists()), 0)
    return above[: root + 1]


def _own_file(path: Path) -> ConfigurationFile | None:
    text = _text(path)
    return None if text is None else ConfigurationFile(path, text, (), _parsed(path, text))


def _pyproject(path: Path) -> ConfigurationFile | None:
    text = _text(path)
    if text is None or PYPROJECT_TABLE[-1] not in text:
        return None
    parsed = _parsed(path, text)
    document = _descend(parsed, PYPROJECT_TABLE)
    if not document and _descend(parsed, PYPROJECT_TABLE[:1]).get(PYPROJECT_TABLE[1], {}) != {}:
        raise ConfigurationError(f"{path}: {'.'.join(PYPROJECT_TABLE)} must be a table.")
    return ConfigurationFile(path, text, PYPROJECT_TABLE, document) if document else None


def _text(path: Path) -> str | None:
    """Return the content of a file, or None if there is no file."""
    try:
        return path.read_bytes().decode("utf-8-sig") if path.is_file() else None
    except OSError as error:
        raise ConfigurationError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}.") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error
    except RecursionError as error:
        raise ConfigurationError(f"{path} cannot be read: its values are nested too deeply.") from error


def _descend(document: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the table with these names, empty if it does not exist."""
    for name in names:
        inner = document.get(name)
        document = inner if isinstance(inner, Mapping) else {}
    return document


def _keys(document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the names of tables, and those of keys in tables."""
    for table, content in document.items():
        yield (table,)
        if isinstance(content, Mapping):
            yield from ((table, name) for name in content)


def _first_line(lines: list[str], root: tuple[str, ...]) -> int:
    """Return the first line that can hold a setting. Parsing the lines of other tools before it takes time."""
    if not root:
        return 1
    return next((number for number, line in enumerate(lines, 1) if root[-1] in line), 1)


def _key_advice(table: str, name: str) -> str:
    elsewhere = [key for key, setting in BY_KEY.items() if setting.name == name]
    close = elsewhere or [f"{table}.{each}" for each in close_matches(name, TABLES[table])]
    return f"Did you mean {close[0]}?" if close else f"The settings in [{table}] are {', '.join(TABLES[table])}."


def close_matches(name: str, known: Iterable[str], least_similarity: float = SIMILARITY) -> list[str]:
    """Return the name in `known` that is most similar to a name, or nothing if none is similar."""
    # Imported here, because commands start often and fail rarely.
    from difflib import get_close_matches

    return get_close_matches(name, list(known), 1, least_similarity)


def _table_names(prefix: str) -> str:
    return ", ".join(f"[{prefix}{table}]" for table in TABLES)


def _elsewhere(setting: Setting) -> str:
    """Return how to set what a file cannot set."""
    places = [f"the environment variable {setting.variable}"] if setting.variable else []
    places += [f"the option {setting.option}"] if setting.option else []
    return f"Use {' or '.join(places)} instead."
