"""The names of fields in queries. A dotted name is the path of a nested field: `meta.title`, or `tags.0` in an array.

A field whose own name contains the dots takes precedence over a path. Flattening creates such names. In a flattened
item, the name of a field that was flattened stands for all of its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Item = dict[str, Any]
Path = tuple[str, ...]
SEPARATOR = "."
MAX_INDEX_DIGITS = 9
MISSING = object()
Parts = Mapping[str, Sequence[Path]]
"""The paths of the leaves of flattened fields, by the name of the field or of anything in it."""


def pick(item: Item, names: Sequence[str], output_names: Sequence[str], parts: Parts) -> Item:
    """The named fields, in the order of their names. `output_names` are their new names, if there are any."""
    picked: Item = {}
    for position, name in enumerate(names):
        for path in _find(item, name, parts):
            value = _value(item, path)
            if output_names:
                picked[output_names[position] + SEPARATOR.join(path).removeprefix(name)] = value
            else:
                _put(picked, item, path, value)
    return picked


def omit(item: Item, names: Iterable[str], parts: Parts) -> Item:
    """The item without the named fields. An omitted element of an array becomes null."""
    changes = _Changes(item)
    for name in names:
        for path in _find(changes.item, name, parts):
            _remove(changes.parent(path), path[-1])
    return changes.item


def flatten(item: Item, names: Iterable[str]) -> tuple[Item, Parts]:
    """The item with each named field replaced by its leaves. A nested field is replaced within its parent."""
    changes = _Changes(item)
    parts: dict[str, list[Path]] = {}
    for name in names:
        for path in _find(changes.item, name, {}):
            parent = changes.parent(path)
            if isinstance(parent, dict):  # an element of an array cannot have a name
                for leaf in _flatten_field(parent, path[-1]):
                    _add_part(parts, name, (*path[:-1], leaf))
    return changes.item, parts


def leaves(name: str, value: Any, separator: str) -> Iterator[tuple[str, Any]]:
    """The leaves of a nested value with their paths. An empty object or array is a leaf."""
    if not value or not isinstance(value, dict | list):
        yield name, value
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield from leaves(f"{name}{separator}{key}", each, separator)


def _find(item: Item, name: str, parts: Parts) -> Sequence[Path]:
    """The paths of the named field: several if it was flattened, none if it is missing."""
    value: Any = item
    path: Path = ()
    rest = name
    while rest and value is not MISSING:
        if isinstance(value, dict) and rest in value:
            return [(*path, rest)]
        step, _, rest = rest.partition(SEPARATOR)
        value, path = _child(value, step), (*path, step)
    is_found = value is not MISSING and not name.endswith(SEPARATOR)
    return [path] if is_found else [path for path in parts.get(name, ()) if _value(item, path) is not MISSING]


def _value(item: Item, path: Path) -> Any:
    value: Any = item
    for step in path:
        value = _child(value, step)
    return value


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

    def parent(self, path: Path) -> Any:
        """The parent of the field at this path, which may be changed."""
        parent: Any = self.item
        for step in path[:-1]:
            child = _child(parent, step)
            if id(child) not in self._copies:
                child = child.copy()
                self._copies.add(id(child))
                _set(parent, step, child)
            parent = child
        return parent


def _remove(parent: Any, step: str) -> None:
    if isinstance(parent, dict):
        del parent[step]
    else:
        parent[int(step)] = None


def _flatten_field(parent: Item, name: str) -> list[str]:
    """Replace the field by its leaves, in its place; return their names."""
    flat = dict(leaves(name, parent[name], SEPARATOR))
    fields = list(parent.items())
    parent.clear()
    for each, value in fields:
        parent.update(flat if each == name else {each: value})
    return list(flat)


def _add_part(parts: dict[str, list[Path]], field: str, path: Path) -> None:
    """Add the path of a leaf under the name of its field, and under the names of the objects in between."""
    name = SEPARATOR.join(path)
    while len(name) >= len(field):
        parts.setdefault(name, []).append(path)
        name = name.rpartition(SEPARATOR)[0]
