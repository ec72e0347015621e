"""XML and RSS. Properties become elements, arrays repeat an element, `@` holds attributes and `#` the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import repeat
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from api.request.parsing.dataset_items import FormatOptions
from api.response.exports.export import TextExport
from api.response.exports.tables import cell_text
from runtime.base.errors import Invalid
from runtime.storages.field_paths import Item

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
ATTRIBUTES, TEXT = "@", "#"
NAME_START = (
    ":A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
"""The characters that can begin a name (Extensible Markup Language 1.0, fifth edition, production 4)."""
NAME_REST = NAME_START + r"\-.0-9\u00b7\u0300-\u036f\u203f\u2040"
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that an XML document cannot contain, not even escaped."""


class Xml(TextExport):
    content_type = "application/xml; charset=utf-8"

    @classmethod
    def check_options(cls, options: FormatOptions) -> None:
        for name in (options.xml_root, options.xml_row):
            if not _name_pattern().fullmatch(name):
                raise Invalid("invalid-parameter", f"'{name}' is not a valid name of an XML element")

    def start(self) -> str:
        return f"{DECLARATION}<{self.options.xml_root}>\n"

    def item(self, item: Item) -> Iterator[str]:
        yield from element(self.options.xml_row, item)
        yield "\n"

    def end(self) -> str:
        return f"</{self.options.xml_root}>"


class Rss(TextExport):
    content_type = "application/rss+xml; charset=utf-8"

    def start(self) -> str:
        title = self.options.feed_title or f"Dataset {self.dataset.name or self.dataset.id}"
        description = self.options.feed_description or f'Items in dataset with id "{self.dataset.id}".'
        about = "".join([*element("title", title), *element("description", description)])
        return f'{DECLARATION}<rss version="2.0"><channel>{about}\n'

    def item(self, item: Item) -> Iterator[str]:
        yield from element("item", item)
        yield "\n"

    def end(self) -> str:
        return "</channel></rss>"


def element(name: str, value: Any) -> Iterator[str]:
    """A value as an XML element of this name, in pieces. An array becomes one element for each value.

    Without recursion, because a value can be nested deeper than Python's stack.
    """
    levels: list[tuple[str, Iterator[tuple[str, Any]]]] = [("", iter([(_tag(name), value)]))]
    while levels:
        end, inside = levels[-1]
        for tag, each in inside:
            if isinstance(each, list):
                yield ""
                levels.append(("", zip(repeat(tag), each, strict=False)))
                break
            children = _children(each)
            if children:
                yield f"<{tag}{_attributes(each)}>"
                levels.append((f"</{tag}>", ((_tag(name), child) for name, child in children)))
                break
            yield _leaf(tag, each)
        else:
            levels.pop()
            yield end


def _leaf(tag: str, value: Any) -> str:
    """The element of a value without children."""
    text = _escaped(cell_text(value.get(TEXT) if isinstance(value, dict) else value))
    attributes = _attributes(value)
    return f"<{tag}{attributes}>{text}</{tag}>" if text else f"<{tag}{attributes}/>"


def _children(value: Any) -> list[tuple[str, Any]]:
    """The properties that become elements inside; none if all of them are empty arrays."""
    if not isinstance(value, dict):
        return []
    inside = [(name, each) for name, each in value.items() if name not in (ATTRIBUTES, TEXT)]
    return inside if _has_elements([each for _, each in inside]) else []


def _has_elements(values: list[Any]) -> bool:
    """Whether the values become elements: not if all of them are arrays that are empty, or hold only such arrays."""
    unchecked = list(values)
    while unchecked:
        value = unchecked.pop()
        if not isinstance(value, list):
            return True
        unchecked += value
    return False


def _attributes(value: Any) -> str:
    given = value.get(ATTRIBUTES) if isinstance(value, dict) else None
    # Different names can become the same tag, and an element with the same attribute twice is not well-formed.
    by_tag = {_tag(name): each for name, each in given.items()} if isinstance(given, dict) else {}
    return "".join(f" {tag}={quoteattr(_clean(cell_text(each)))}" for tag, each in by_tag.items())


def _tag(name: str) -> str:
    """The name, with the characters replaced that XML does not allow."""
    if _name_pattern().fullmatch(name):
        return name
    allowed = _not_in_names().sub("_", name)
    return allowed if _name_pattern().fullmatch(allowed) else f"_{allowed}"


def _escaped(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)


# Compiled when they are needed, because large sets of characters take long.
@cache
def _name_pattern() -> re.Pattern[str]:
    return re.compile(f"[{NAME_START}][{NAME_REST}]*")


@cache
def _not_in_names() -> re.Pattern[str]:
    return re.compile(f"[^{NAME_REST}]")
