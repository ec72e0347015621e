"""XML and RSS. Properties become elements, arrays repeat an element, `@` holds attributes and `#` the text."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
NAME = re.compile(f"[{NAME_START}][{NAME_REST}]*")
NOT_IN_NAMES = re.compile(f"[^{NAME_REST}]")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that an XML document cannot contain, not even escaped."""


class Xml(TextExport):
    content_type = "application/xml; charset=utf-8"

    @classmethod
    def check_options(cls, options: FormatOptions) -> None:
        for name in (options.xml_root, options.xml_row):
            if not NAME.fullmatch(name):
                raise Invalid("invalid-parameter", f"'{name}' is not a valid name of an XML element")

    def start(self) -> str:
        return f"{DECLARATION}<{self.options.xml_root}>\n"

    def items(self, items: Iterable[Item]) -> str:
        return _rows(self.options.xml_row, items)

    def end(self) -> str:
        return f"</{self.options.xml_root}>"


class Rss(TextExport):
    content_type = "application/rss+xml; charset=utf-8"

    def start(self) -> str:
        title = self.options.feed_title or f"Dataset {self.dataset.name or self.dataset.id}"
        description = self.options.feed_description or f'Items in dataset with id "{self.dataset.id}".'
        about = element("title", title) + element("description", description)
        return f'{DECLARATION}<rss version="2.0"><channel>{about}\n'

    def items(self, items: Iterable[Item]) -> str:
        return _rows("item", items)

    def end(self) -> str:
        return "</channel></rss>"


def _rows(name: str, items: Iterable[Item]) -> str:
    return "".join(f"{element(name, item)}\n" for item in items)


def element(name: str, value: Any) -> str:
    """A value as an XML element of this name. An array becomes one element for each value."""
    if isinstance(value, list):
        return "".join(element(name, each) for each in value)
    tag = _tag(name)
    attributes, content = _content(value)
    return f"<{tag}{attributes}>{content}</{tag}>" if content else f"<{tag}{attributes}/>"


def _content(value: Any) -> tuple[str, str]:
    """The attributes and the content of the element for a value."""
    if not isinstance(value, dict):
        return "", _escaped(cell_text(value))
    given = value.get(ATTRIBUTES)
    attributes = given.items() if isinstance(given, dict) else ()
    inside = "".join(element(name, each) for name, each in value.items() if name not in (ATTRIBUTES, TEXT))
    return (
        "".join(f" {_tag(name)}={quoteattr(_clean(cell_text(each)))}" for name, each in attributes),
        inside or _escaped(cell_text(value.get(TEXT))),
    )


def _tag(name: str) -> str:
    """The name, with the characters replaced that XML does not allow."""
    if NAME.fullmatch(name):
        return name
    allowed = NOT_IN_NAMES.sub("_", name)
    return allowed if NAME.fullmatch(allowed) else f"_{allowed}"


def _escaped(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)
