"""The names of fields in queries. A dotted name is the path of a nested field: `meta.title`, or `tags.0` in an array.

A field whose own name contains the dots takes precedence over a path. Flattening creates such names. In a flattened
item, the name of a field that was flattened, or of anything in it, stands for all of its leaves.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

Item = dict[str, Any]
Path = tuple[str, ...]
SEPARATOR = "."
AFTER_SEPARATOR = "/"
"""The character after the separator: all names below `a` are between `a.` and `a/`."""
MAX_INDEX_DIGITS = 9
MAX_PATHS_LENGTH = 10_000_000
"""The total length of the names that flattening gives to the leaves of one field."""
MISSING = object()


class Leaves:
    """The paths of the leaves of flattened fields, in order."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._by_name: list[tuple[str, int]] | None = None

    def add(self, path: Path) -> None:
        self._paths.append(path)
        self._by_name = None

    def below(self, name: str) -> list[Path]:
        """The leaves in the field or the object with this name."""
        if self._by_name is None:
            self._by_name = sorted((SEPARATOR.join(path), place) for place, path in enumerate(self._paths))
        first = bisect_left(self._by_name, (name + SEPARATOR,))
        end = bisect_left(self._by_name, (name + AFTER_SEPARATOR,))
        return [self._paths[place] for place in sorted(place for _, place in self._by_name[first:end])]


NO_LEAVES = Leaves()


def pick(item: Item, names: Sequence[str], output_names: Sequence[str], leaves: Leaves) -> Item:
    """The named fields, in the order of their names. `output_names` are their new names, if there are any."""
    picked: Item = {}
    for position, name in enumerate(names):
        for path in _find(item, name, leaves):
            value = value_at(item, path)
            if output_names:
                picked[output_names[position] + SEPARATOR.join(path).removeprefix(name)] = value
            else:
                _put(picked, item, path, value)
    return picked


def omit(item: Item, names: Iterable[str], leaves: Leaves) -> Item:
    """The item without the named fields. An omitted element of an array becomes null."""
    changes = _Changes(item)
    for name in names:
        for path in _find(changes.item, name, leaves):
            _remove(changes.container(path[:-1]), path[-1])
    return changes.item


def flatten(item: Item, names: Iterable[str]) -> tuple[Item, Leaves]:
    """The item with each named field replaced by its leaves. A nested field is replaced within its parent."""
    by_parent: dict[Path, set[str]] = {}
    for name in names:
        for path in _find(item, name, NO_LEAVES):
            by_parent.setdefault(path[:-1], set()).add(path[-1])
    changes, leaves = _Changes(item), Leaves()
    for parent_path in sorted(by_parent, key=len, reverse=True):
        parent = changes.container(parent_path)
        if isinstance(parent, dict):  # an element of an array cannot have a name
            for leaf in _flatten_fields(parent, by_parent[parent_path]):
                leaves.add((*parent_path, leaf))
    return changes.item, leaves


def find_field(item: Item, name: str) -> Path | None:
    """The path of the named field of an item that is not flattened."""
    return next(iter(_find(item, name, NO_LEAVES)), None)


def value_at(item: Item, path: Path) -> Any:
    value: Any = item
    for step in path:
        value = _child(value, step)
    return value


def replaced(item: Item, path: Path, fields: Item) -> Item:
    """The item with a field replaced by several fields, in its parent. An element of an array stays."""
    changes = _Changes(item)
    parent = changes.container(path[:-1])
    if isinstance(parent, dict):
        if path[-1] not in fields:
            del parent[path[-1]]
        parent.update(fields)
    return changes.item


def leaves_of(name: str, value: Any, separator: str, max_length: float = math.inf) -> Iterator[tuple[str, Any]]:
    """The leaves of a nested value with their paths. An empty object or array is a leaf.

    The last objects and arrays stay nested if the total length of all paths would exceed `max_length`: a long name with
    many leaves below it would need far more memory than the value.
    """
    length = 0
    levels: list[Iterator[tuple[str, Any]]] = [iter([(name, value)])]
    while levels:
        for path, each in levels[-1]:
            if each and isinstance(each, dict | list) and length + len(path) * len(each) <= max_length:
                levels.append(_children(path, each, separator))
                break
            length += len(path)
            yield path, each
        else:
            levels.pop()


def _children(path: str, value: dict[str, Any] | list[Any], separator: str) -> Iterator[tuple[str, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return ((f"{path}{separator}{key}", each) for key, each in inner)


def _find(item: Item, name: str, leaves: Leaves) -> Sequence[Path]:
    """The paths of the named field: several if it was flattened, none if it is missing."""
    value: Any = item
    path: Path = ()
    rest = name
    while rest and value is not MISSING:
        if isinstance(value, dict) and rest in value:
            return [(*path, rest)]
        step, _, rest = rest.partition(SEPARATOR)
        value, path = _child(value, step), (*path, step)
    if value is not MISSING and not name.endswith(SEPARATOR):
        return [path]
    return [path for path in leaves.below(name) if value_at(item, path) is not MISSING]


def _child(parent: Any, step: str) -> Any:
    if isinstance(parent, dict):
        return parent.get(step, MISSING)
    is_index = step.isascii() and step.isdigit() and len(step) <= MAX_INDEX_DIGITS
    if isinstance(parent, list) and is_index and int(step) < len(parent):
        return parent[int(step)]
    return MISSING


def _put(target: Any, source: Any, path: Path, value: Any) -> None:
    """Set a value in `target` at its path in `source`. Elements of an array that are not picked are null."""
    for step in path[:-1]:
        source = _child(source, step)
        child = _child(target, step)
        if child is MISSING or child is None:
            child = [] if isinstance(source, list) else {}
            _set(target, step, child)
        target = child
    _set(target, path[-1], value)


def _set(parent: Any, step: str, value: Any) -> None:
    if isinstance(parent, dict):
        parent[step] = value
        return
    index = int(step)
    parent.extend([None] * (index + 1 - len(parent)))
    parent[index] = value


class _Changes:
    """Changes to an item. The objects and arrays that change are copied first, each once."""

    def __init__(self, item: Item) -> None:
        self.item = dict(item)
        self._copies = {id(self.item)}

    def container(self, path: Path) -> Any:
        """The object or array at this path, which may be changed."""
        container: Any = self.item
        for step in path:
            child = _child(container, step)
            if id(child) not in self._copies:
                child = child.copy()
                self._copies.add(id(child))
                _set(container, step, child)
            container = child
        return container


def _remove(parent: Any, step: str) -> None:
    if isinstance(parent, dict):
        del parent[step]
    else:
        parent[int(step)] = None


def _flatten_fields(parent: Item, names: Collection[str]) -> list[str]:
    """Replace the fields by their leaves, in their places; return the names of the leaves."""
    fields = list(parent.items())
    found: list[str] = []
    parent.clear()
    for name, value in fields:
        if name in names:
            flat = dict(leaves_of(name, value, SEPARATOR, MAX_PATHS_LENGTH))
            found += flat
            parent.update(flat)
        else:
            parent[name] = value
    return found
