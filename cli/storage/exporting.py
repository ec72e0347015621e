"""`greenroom storage export`: storages of a server become folders that the SDKs open locally."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from cli.client import MAX_PAGE, Client, Missing, Record, connected
from cli.errors import ABORTED, INVALID_INPUT, Problem
from cli.storage import writing
from cli.storage.layout import DATASETS, DEFAULT, KINDS, QUEUES, STORES, Kind
from cli.terminal import counting, results, say

LOCK_FIELDS = frozenset({"lockExpiresAt", "lockByClient"})
"""Told of a request that a client holds right now; no part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked: storages by id or name, the default ones of a run, or all there are."""

    wanted: list[str]
    run_id: str | None
    everything: bool
    to: Path
    data_dir: Path
    force: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """A storage and the folder it gets, which for those of a run is `default`."""

    kind: Kind
    storage: Record
    folder: Path

    def __str__(self) -> str:
        return f"{self.kind.label} {self.storage['name'] or self.storage['id']}"

    @property
    def local_id(self) -> str:
        """JavaScript takes a storage without a name to be in the folder of its id."""
        return DEFAULT if self._is_default else str(self.storage["id"])

    @property
    def metadata(self) -> Record:
        """What both languages want to know. What is in `default` has no name: a name would keep Python from purging."""
        name = None if self._is_default else self.storage["name"] or None
        times = {field: self.storage[field] for field in ("createdAt", "accessedAt", "modifiedAt")}
        return {"id": self.local_id, "name": name, **times}

    @property
    def _is_default(self) -> bool:
        return self.folder.name == DEFAULT


@dataclass(slots=True)
class Exported:
    """What has come of a storage; `order` are the unique keys of a queue's pending requests."""

    chosen: Chosen
    count: int = 0
    order: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        return f"{self.chosen} -> {self.chosen.folder}: {self.count} {self.chosen.kind.content}"

    @property
    def wire(self) -> Record:
        storage = self.chosen.storage
        return {
            "kind": self.chosen.kind.word,
            "id": storage["id"],
            "name": storage["name"] or None,
            "to": str(self.chosen.folder),
            "count": self.count,
        }


def run(call: Call) -> int:
    """Everything from the storages to their folders; the exit code. Raises Problem."""
    try:
        with connected(call.data_dir) as client:
            exported = _carried_out(client, call)
    except KeyboardInterrupt:
        return ABORTED
    except OSError as problem:
        raise Problem(f"{problem.filename} cannot be written: {problem.strerror}.") from problem
    if call.as_json:
        left_out = [entry for one in exported for entry in one.left_out]
        told = {"exported": [one.wire for one in exported], "leftOut": left_out}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    return 0


def _carried_out(client: Client, call: Call) -> list[Exported]:
    chosen = _chosen(client, call)
    if not call.force:
        _refuse_existing(chosen)
    # Python keeps the order of queues in the default store, which must be in its place by then.
    chosen.sort(key=lambda one: one.kind is QUEUES)
    done = []
    for one in chosen:
        done.append(_exported(client, one, force=call.force))
        if one.kind is QUEUES:
            writing.write_order(call.to.resolve(), one.local_id, done[-1].order)
        for entry in done[-1].left_out:
            say(f"Left out {entry}", "yellow")
        if call.as_json:
            say(done[-1].line)
        else:
            results.print(done[-1].line)
    return done


def _chosen(client: Client, call: Call) -> list[Chosen]:
    """The storages, each once. Raises Problem for one that is not there, and for two of one folder."""
    root = call.to.resolve()
    found: dict[tuple[str, str], Chosen] = {}
    for kind, storage, name in _wanted(client, call):
        folder = writing.inside(root / kind.folder, name)
        found.setdefault((kind.word, storage["id"]), Chosen(kind, storage, folder))
    folders: dict[Path, Chosen] = {}
    for one in found.values():
        other = folders.setdefault(one.folder, one)
        if other is not one:
            raise Problem(f"The {other} and the {one} would both be {one.folder}.", exit_code=INVALID_INPUT)
    return list(found.values())


def _wanted(client: Client, call: Call) -> Iterator[tuple[Kind, Record, str]]:
    """What was asked for and the name of its folder."""
    if call.run_id:
        yield from _of_run(client, call.run_id)
    for reference in call.wanted:
        yield from _named(client, reference)
    for kind in KINDS.values() if call.everything else ():
        for storage in client.storages(kind.word):
            yield kind, storage, storage["name"] or storage["id"]


def _of_run(client: Client, run_id: str) -> Iterator[tuple[Kind, Record, str]]:
    run = client.run(run_id)
    if run is None:
        raise Problem(f"There is no run {run_id}.", exit_code=INVALID_INPUT)
    for kind in KINDS.values():
        storage = client.storage(kind.word, run[kind.of_run])
        if storage:
            yield kind, storage, DEFAULT
        else:
            say(f"The run has no {kind.label} any more.", "yellow")


def _named(client: Client, reference: str) -> Iterator[tuple[Kind, Record, str]]:
    """Storages of all kinds that have this id or name."""
    escaped = quote(reference, safe="~")
    is_known = False
    for kind in KINDS.values():
        storage = client.storage(kind.word, escaped) or client.storage(kind.word, f"~{escaped}")
        if storage:
            is_known = True
            yield kind, storage, storage["name"] or storage["id"]
    if not is_known:
        raise Problem(f"There is no storage {reference}.", exit_code=INVALID_INPUT)


def _refuse_existing(chosen: list[Chosen]) -> None:
    existing = [str(one.folder) for one in chosen if one.folder.is_symlink() or one.folder.exists()]
    if existing:
        raise Problem(
            f"Nothing was exported: {', '.join(existing)} would be replaced.",
            "Replace what is there with --force, or choose another folder with --to.",
            exit_code=INVALID_INPUT,
        )


def _exported(client: Client, chosen: Chosen, *, force: bool) -> Exported:
    done = Exported(chosen)
    writers = {DATASETS: _write_dataset, STORES: _write_store, QUEUES: _write_queue}
    with writing.replacing(chosen.folder, force=force) as folder, counting(f"Exporting {chosen}") as tell:
        for count in writers[chosen.kind](client, done, folder):
            done.count = count
            tell(count)
    return done


def _write_dataset(client: Client, done: Exported, folder: Path) -> Iterator[int]:
    count = 0
    for count in writing.write_items(folder, client.lines(done.chosen.storage["id"])):
        yield count
    writing.write_metadata(folder, {**done.chosen.metadata, "itemCount": count})


def _write_store(client: Client, done: Exported, folder: Path) -> Iterator[int]:
    store_id = done.chosen.storage["id"]
    keys = list(client.keys(store_id))
    files = writing.RecordFiles(folder, keys)
    count = 0
    for key in keys:
        refusal = files.refusal(key)
        if refusal:
            done.left_out.append(f"the record {key} of {done.chosen}: {refusal}")
            continue
        # What a live run has deleted since is not among the records any more.
        with suppress(Missing), client.opened_record(store_id, key) as response:
            files.write(key, response.headers["content-type"], response.iter_raw())
            count += 1
        yield count
    writing.write_metadata(folder, done.chosen.metadata)


def _write_queue(client: Client, done: Exported, folder: Path) -> Iterator[int]:
    """The head tells the order of the first pending requests; those behind it are taken as they are listed."""
    queue_id = done.chosen.storage["id"]
    places = {request["id"]: place for place, request in enumerate(client.head(queue_id), 1)}
    pending: dict[int, str] = {}
    count, behind = 0, MAX_PAGE
    for count, request in enumerate(client.requests(queue_id), 1):
        place = None
        if not request.get("handledAt"):
            behind += request["id"] not in places
            place = places.get(request["id"], behind)
            pending[place] = request["uniqueKey"]
        kept = {name: value for name, value in request.items() if name not in LOCK_FIELDS}
        writing.write_request(folder, kept, place)
        yield count
    if behind > MAX_PAGE:
        say(f"The {done.chosen} does not tell the order of its requests behind the first {MAX_PAGE}.", "yellow")
    done.order = [pending[place] for place in sorted(pending)]
    counts = {
        "totalRequestCount": count,
        "handledRequestCount": count - len(done.order),
        "pendingRequestCount": len(done.order),
        "hadMultipleClients": done.chosen.storage["hadMultipleClients"],
    }
    writing.write_metadata(folder, {**done.chosen.metadata, **counts})
