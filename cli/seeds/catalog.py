"""The stand-ins that `greenroom seed` can create, and the source of each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cli.actors.folder import ActorFolder
from cli.actors.stand_ins import DEFAULT_TAG, StandInName, parse_stand_in_name
from runtime.base.json_text import JsonDict

HERE = Path(__file__).resolve().parent
PROGRAM = (HERE / "program/Dockerfile", HERE / "program/main.py")
DIGEST_LENGTH = 16
VERSION = "0.0"
DESCRIPTION_FILE = "stand_in.json"
"""The file that the program reads. A version whose source contains it was created by `greenroom seed`."""
MEMORY_MBYTES = 128


@dataclass(frozen=True, slots=True)
class Seed:
    """A stand-in of the catalog: the Actor's name, and the document in `actors` that describes it."""

    name: StandInName
    document: JsonDict

    def meta(self) -> JsonDict:
        """Return the field of actor.json that identifies the files. A build with the same one needs no update."""
        files = [self.document, *(file.read_text() for file in PROGRAM)]
        digest = hashlib.sha256(json.dumps(files).encode()).hexdigest()
        return {"generatedBy": f"greenroom seed {digest[:DIGEST_LENGTH]}"}

    def folder(self) -> ActorFolder:
        """Return the source of the stand-in, whose files are part of the version."""
        return ActorFolder(
            name=self.name.name,
            display={"title": self.document["title"], "description": self._description()},
            version=VERSION,
            build_tag=DEFAULT_TAG,
            env_vars=None,
            secrets=[],
            remarks={},
            source_files=tuple(
                {"name": name, "format": "TEXT", "content": content} for name, content in self._files().items()
            ),
        )

    def _files(self) -> dict[str, str]:
        definition = {
            "actorSpecification": 1,
            "name": self.name.name,
            "title": self.document["title"],
            "description": self._description(),
            "version": VERSION,
            "meta": self.meta(),
            "defaultMemoryMbytes": MEMORY_MBYTES,
            "dockerfile": "../Dockerfile",
            "readme": "../README.md",
            "input": self._input_schema(),
        }
        return {
            ".actor/actor.json": _json(definition),
            "README.md": self._readme(),
            **{file.name: file.read_text() for file in PROGRAM},
            DESCRIPTION_FILE: _json(self.document),
        }

    def _description(self) -> str:
        return f"{self.document['description']} This is a stand-in without access to the internet."

    def _input_schema(self) -> JsonDict:
        return {
            "title": self.document["title"],
            "type": "object",
            "schemaVersion": 1,
            "properties": self.document["input"],
            "required": self.document.get("required", []),
        }

    def _readme(self) -> str:
        rows = [f"| `{name}` | {field['description']} |" for name, field in self.document["input"].items()]
        return "\n".join(
            [
                f"# {self.document['title']}: a stand-in",
                "",
                f"This Actor stands in for [{self.name}](https://apify.com/{self.name}) of Apify Store.",
                "`greenroom seed` created it, so that Actors that call it can be tested offline. It contacts no site.",
                "Its items are made up from its input, in the shape of the real Actor's items. The same input always",
                "gives the same items.",
                "",
                "| input | meaning |",
                "| --- | --- |",
                *rows,
                "",
            ]
        )


@cache
def seeds() -> dict[str, Seed]:
    """Return all seeds by name, in the order of their names."""
    documents = [json.loads(file.read_text()) for file in sorted((HERE / "actors").glob("*.json"))]
    return {document["name"]: Seed(parse_stand_in_name(document["name"]), document) for document in documents}


def _json(value: JsonDict) -> str:
    return json.dumps(value, indent=4) + "\n"
