"""A page of a dataset's items in each of the platform's formats, as a stream: memory does not grow with the dataset.

Formats and their parameters: "Get dataset items" in the platform's API reference.
"""

from __future__ import annotations

from api.response.exports.export import Export
from api.response.exports.json_text import JsonArray, JsonLines
from api.response.exports.tables import Csv, Html
from api.response.exports.xlsx import Xlsx
from api.response.exports.xml_text import Rss, Xml

FORMATS: dict[str, type[Export]] = {
    "json": JsonArray,
    "jsonl": JsonLines,
    "csv": Csv,
    "html": Html,
    "xlsx": Xlsx,
    "xml": Xml,
    "rss": Rss,
}
