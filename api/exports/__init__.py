"""A page of a dataset's items in each of the platform's formats, as a stream: memory does not grow with the dataset.

Formats and their parameters: "Get dataset items" in the platform's API reference.
"""

from __future__ import annotations

from api.exports.export import Export
from api.exports.json_text import JsonArray, JsonLines
from api.exports.tables import Csv, Html
from api.exports.xlsx import Xlsx
from api.exports.xml_text import Rss, Xml

FORMATS: dict[str, type[Export]] = {
    "json": JsonArray,
    "jsonl": JsonLines,
    "csv": Csv,
    "html": Html,
    "xlsx": Xlsx,
    "xml": Xml,
    "rss": Rss,
}
