"""A page of a dataset's items in each of the platform's formats, as a stream. It needs constant memory.

Formats and their parameters: "Get dataset items" in the platform's API reference.
"""

from __future__ import annotations

from api.request.parsing.dataset_items import ItemFormat
from api.response.exports.export import Export
from api.response.exports.json_text import JsonArray, JsonLines
from api.response.exports.tables import Csv, Html
from api.response.exports.xlsx import Xlsx
from api.response.exports.xml_text import Rss, Xml

FORMATS: dict[ItemFormat, type[Export]] = {
    ItemFormat.JSON: JsonArray,
    ItemFormat.JSONL: JsonLines,
    ItemFormat.CSV: Csv,
    ItemFormat.HTML: Html,
    ItemFormat.XLSX: Xlsx,
    ItemFormat.XML: Xml,
    ItemFormat.RSS: Rss,
}
