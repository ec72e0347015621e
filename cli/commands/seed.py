"""`greenroom seed`: creates stand-ins for well-known Actors of Apify Store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.actors.building import build_actor
from cli.actors.stand_ins import DEFAULT_TAG
from cli.client import Client, connected
from cli.failures import Command
from cli.options import AsJson, DataDir, parsed, resolved
from cli.seeds.catalog import DESCRIPTION_FILE, Seed, seeds
from cli.terminal import print_message, print_result
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)

CREATED, UPDATED, UNCHANGED, OTHER_FILES = "created", "updated", "unchanged", "other-files"
RESULTS = {
    CREATED: "created",
    UPDATED: "updated",
    UNCHANGED: "already up to date",
    OTHER_FILES: "left unchanged: it was created from other files",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedArguments:
    """The arguments of `greenroom seed`. `names` are names of the catalog; empty means all."""

    names: Sequence[str]
    data_dir: Path
    as_json: bool


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What happened to a stand-in, and the number of the build that callers get. A build from other files is None."""

    name: str
    status: str
    build_number: str | None

    def as_json(self) -> JsonDict:
        return {"name": self.name, "status": self.status, "buildNumber": self.build_number}


@app.command(cls=Command)
def seed(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="USERNAME/NAME", help="The Actors to create. Default: all that Greenroom knows."),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create public stand-ins for well-known Actors of Apify Store. They run offline.

    Example: greenroom seed apify/web-scraper

    Stand-ins that are up to date are not built again. Those that you pushed with --as are left unchanged.
    """
    chosen = parsed("USERNAME/NAME", parse_names, names) or []
    seed_actors(SeedArguments(names=chosen, data_dir=resolved(data_dir), as_json=as_json))


def parse_names(given: Sequence[str]) -> list[str]:
    """Return the names without duplicates. Raises ValueError if one is not in the catalog."""
    names = list(dict.fromkeys(given))
    unknown = [name for name in names if name not in seeds()]
    if unknown:
        raise ValueError(f"there is no stand-in for {', '.join(unknown)}. Choose from: {', '.join(seeds())}")
    return names


def seed_actors(arguments: SeedArguments) -> None:
    """Create or update the stand-ins one after another, and print the result of each. Raises CommandError."""
    chosen = [seeds()[name] for name in arguments.names or seeds()]
    results = []
    with connected(arguments.data_dir) as client:
        for number, seed in enumerate(chosen, 1):
            print_message(f"[{number}/{len(chosen)}] {seed.name}")
            results.append(_create(client, seed))
    if arguments.as_json:
        terminal.print_json({"actors": [result.as_json() for result in results]})
    else:
        for result in results:
            print_result(f"{result.name}: {RESULTS[result.status]}")


def _create(client: Client, seed: Seed) -> SeedResult:
    """Create, build and publish a stand-in, unless it is up to date or was created from other files.

    The Actor becomes public after its build. So after an interruption, the next call repeats what is missing.
    """
    folder, name = seed.folder(), str(seed.name)
    client.act_for_stand_in(seed.name.username)
    actor = client.actors.find(f"{seed.name.username}~{seed.name.name}")
    if actor is not None and not all(_is_seed(version) for version in actor["versions"]):
        return SeedResult(name, OTHER_FILES, None)
    current = None if actor is None else _current_build(client, actor, seed)
    if actor is not None and actor["isPublic"] and current is not None:
        return SeedResult(name, UNCHANGED, current["buildNumber"])
    built, build = build_actor(client, folder, shows_log=False)
    client.actors.publish(built["id"], categories=seed.document["categories"])
    return SeedResult(name, CREATED if actor is None else UPDATED, build["buildNumber"])


def _is_seed(version: JsonDict) -> bool:
    return any(file["name"] == DESCRIPTION_FILE for file in version.get("sourceFiles") or [])


def _current_build(client: Client, actor: JsonDict, seed: Seed) -> JsonDict | None:
    """Return the build that callers get, if it has the files of this release."""
    tagged = (actor.get("taggedBuilds") or {}).get(DEFAULT_TAG)
    build = None if tagged is None else client.builds.find(tagged["buildId"])
    meta = ((build or {}).get("actorDefinition") or {}).get("meta")
    return build if meta == seed.meta() else None
