"""The folders and files in which the SDKs of both languages store storages (Crawlee 3 for JavaScript, 1 for Python).

storage/datasets/NAME/000000001.json
storage/key_value_stores/NAME/KEY.EXT       JavaScript; the extension depends on the content type
storage/key_value_stores/NAME/KEY           Python, percent-encoded, beside KEY.__metadata__.json
storage/request_queues/NAME/ID.json         each language has its own ids
storage/*/NAME/__metadata__.json            always written by Python, rarely by JavaScript
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from mimetypes import MimeTypes
from pathlib import Path
from urllib.parse import quote

ROOTS = ("storage", "crawlee_storage", "apify_storage")
"""Names of the folder that contains all storages: today, in Crawlee 3.0.0, in Apify SDK 2."""
DEFAULT = "default"
METADATA = "__metadata__.json"
METADATA_SUFFIX = f".{METADATA}"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
INPUT_KEY = "INPUT"
MAX_NAME_LENGTH = 63
MAX_FILE_NAME = 255
MAX_PAYLOAD_BYTES = 9_437_184
"""The platform's limit on a request body."""
MAX_BATCH = 25
"""The platform's limit on the requests of one batch."""
QUEUE_STATE = "__RQ_STATE_"
"""Python stores the order of a queue in the default key-value store, under this prefix and the queue's id."""
KEY = re.compile(r"[a-zA-Z0-9!\-_.'()]{1,256}")
NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")


@dataclass(frozen=True, slots=True)
class StorageType:
    """A type of storage: its folder, its part of API paths, its field in a Run, its names in messages, its command."""

    folder: str
    api_path: str
    run_field: str
    label: str
    entry_label: str
    command: str


DATASETS = StorageType("datasets", "datasets", "defaultDatasetId", "dataset", "item", "dataset")
STORES = StorageType(
    "key_value_stores", "key-value-stores", "defaultKeyValueStoreId", "key-value store", "record", "kvs"
)
QUEUES = StorageType("request_queues", "request-queues", "defaultRequestQueueId", "request queue", "request", "queue")
TYPES_BY_FOLDER = {storage_type.folder: storage_type for storage_type in (DATASETS, STORES, QUEUES)}


def _content_types() -> MimeTypes:
    """Return Python's own table, corrected where JavaScript's `mime-types` differs."""
    types = MimeTypes()
    types.encodings_map = {}  # a .gz has a content type of its own here; it is not a compressed file of another type
    types.suffix_map = {}
    for extension, content_type in MORE_CONTENT_TYPES.items():
        types.add_type(content_type, extension)
    return types


MORE_CONTENT_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".gz": "application/gzip",
    ".jsonl": "application/jsonl",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".ndjson": "application/x-ndjson",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
    ".yaml": "text/yaml",
}
USUAL_EXTENSIONS = {"application/xml": "xml", "text/plain": "txt", "text/html": "html", "image/jpeg": "jpg"}
"""For content types that have several extensions."""
_CONTENT_TYPES = _content_types()


def content_type_of(extension: str) -> str | None:
    """Return the content type of a file extension (with its dot), or None for an unknown one."""
    content_type = _CONTENT_TYPES.guess_type(f"_{extension}")[0]
    if content_type is None:
        return None
    is_text = content_type.startswith("text/") or content_type in ("application/json", "application/javascript")
    return f"{content_type}; charset=utf-8" if is_text else content_type


def extension_of(content_type: str) -> str:
    """Return the file extension (without a dot) of a record with this content type."""
    essence = content_type.partition(";")[0].strip().lower()
    return USUAL_EXTENSIONS.get(essence) or (_CONTENT_TYPES.guess_extension(essence) or ".bin")[1:]


def python_key_file(key: str) -> str:
    """Return the name that Python gives to the file of a record."""
    return quote(key, safe="")


def python_request_file(unique_key: str) -> str:
    """Return the name that Python gives to the file of a request."""
    return sha256(unique_key.encode("utf-8", "surrogatepass")).hexdigest()[:15] + ".json"


def storage_name(text: str) -> str:
    """Turn a text into a valid storage name. Empty if no character of the text is valid."""
    return re.sub(r"[^a-zA-Z0-9]+", "-", text)[:MAX_NAME_LENGTH].strip("-")


def contains_storages(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in TYPES_BY_FOLDER)
