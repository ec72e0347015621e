"""The folders and files in which the SDKs of both languages keep storages (Crawlee 3 for JavaScript, 1 for Python).

storage/datasets/NAME/000000001.json
storage/key_value_stores/NAME/KEY.EXT       JavaScript; the extension tells the content type
storage/key_value_stores/NAME/KEY           Python, percent-encoded, beside KEY.__metadata__.json
storage/request_queues/NAME/ID.json         each language has ids of its own
storage/*/NAME/__metadata__.json            always from Python, seldom from JavaScript
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from mimetypes import MimeTypes
from pathlib import Path
from urllib.parse import quote

ROOTS = ("storage", "crawlee_storage", "apify_storage")
"""What the folder of all storages is called: today, in Crawlee 3.0.0, in Apify SDK 2."""
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
"""The platform's limit on requests added at once."""
QUEUE_STATE = "__RQ_STATE_"
"""Python keeps the order of a queue under this prefix and the queue's id, in the default key-value store."""
KEY = re.compile(r"[a-zA-Z0-9!\-_.'()]{1,256}")
NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of storage: its folder, its word in the API's paths, its field in a Run, its words for people."""

    folder: str
    word: str
    of_run: str
    label: str
    content: str


DATASETS = Kind("datasets", "datasets", "defaultDatasetId", "dataset", "items")
STORES = Kind("key_value_stores", "key-value-stores", "defaultKeyValueStoreId", "key-value store", "records")
QUEUES = Kind("request_queues", "request-queues", "defaultRequestQueueId", "request queue", "requests")
KINDS = {kind.folder: kind for kind in (DATASETS, STORES, QUEUES)}


def _types() -> MimeTypes:
    """Python's own table, corrected to what JavaScript's `mime-types` says of the same extension."""
    types = MimeTypes()
    types.encodings_map = {}  # a .gz is a file of its own type here, not a text that happens to be compressed
    types.suffix_map = {}
    for extension, content_type in MORE_TYPES.items():
        types.add_type(content_type, extension)
    return types


MORE_TYPES = {
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
"""Where a type has several."""
_TYPES = _types()


def content_type_of(extension: str) -> str | None:
    """The content type that a file's extension (with its dot) stands for; None for an unknown one."""
    known = _TYPES.guess_type(f"_{extension}")[0]
    if known is None:
        return None
    is_text = known.startswith("text/") or known in ("application/json", "application/javascript")
    return f"{known}; charset=utf-8" if is_text else known


def extension_of(content_type: str) -> str:
    """The extension (without a dot) of a record's file."""
    kind = content_type.partition(";")[0].strip().lower()
    return USUAL_EXTENSIONS.get(kind) or (_TYPES.guess_extension(kind) or ".bin")[1:]


def python_key_file(key: str) -> str:
    """What Python calls a record's file."""
    return quote(key, safe="")


def python_request_file(unique_key: str) -> str:
    """What Python calls a request's file."""
    return sha256(unique_key.encode("utf-8", "surrogatepass")).hexdigest()[:15] + ".json"


def storage_name(text: str) -> str:
    """A text as a name that the platform allows; empty where nothing of it can be kept."""
    return re.sub(r"[^a-zA-Z0-9]+", "-", text)[:MAX_NAME_LENGTH].strip("-")


def holds_storages(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in KINDS)
