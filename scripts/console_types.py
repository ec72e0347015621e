"""Writes the types of the console's requests from OpenAPI documents.

`python -m scripts.console_types` writes console/src/api/local.d.ts from the document of the local controls. With the
path of Apify's document as an argument it also writes platform.d.ts, with the operations that the console calls.
`tests/scripts/test_console_types.py` fails while the files differ from what this script would write.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from api.routes.greenroom import openapi_document

CONSOLE = Path(__file__).resolve().parents[1] / "console"


def main() -> None:
    types_file("local").write_text(local_types())
    for document in sys.argv[1:]:
        types_file("platform").write_text(platform_types(Path(document)))


def types_file(kind: str) -> Path:
    return CONSOLE / "src" / "api" / f"{kind}.d.ts"


def local_types() -> str:
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        document.write_text(json.dumps(openapi_document()))
        return _generate("local", document)


def platform_types(document: Path) -> str:
    """Return the types of the operations in use. Raises CalledProcessError if the document lacks one of them."""
    return _generate("platform", document)


def _generate(kind: str, document: Path) -> str:
    command = ["node", "scripts/api-types.mjs", kind, str(document.resolve())]
    return subprocess.run(command, cwd=CONSOLE, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
