"""`greenroom storage import`: folders of the SDKs' storages become storages of a server."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.client import Client, Record, connected
from cli.errors import ABORTED, INVALID_INPUT, Problem
from cli.storage import reading
from cli.storage.layout import DATASETS, MAX_BATCH, MAX_NAME_LENGTH, NAME, ROOTS, STORES, storage_name
from cli.storage.reading import Content, Folder
from cli.terminal import counting, results, say, step
from runtime.base.json_text import dumps

BATCH_BYTES = 1_048_576
"""Far below the platform's limit, so that no answer is long in coming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked. `name` is for what has none of its own; `run_id` takes that into a run's default storages."""

    path: Path
    data_dir: Path
    name: str | None
    run_id: str | None
    append: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A folder and the name its storage gets; None stands for a default storage of the run."""

    folder: Folder
    content: Content
    name: str | None


@dataclass(slots=True)
class Imported:
    """What has come of a plan so far; `known` requests were in the queue before."""

    plan: Plan
    storage: Record
    count: int = 0
    known: int = 0

    @property
    def line(self) -> str:
        kind = self.plan.folder.kind
        place = f"{kind.label} {self.plan.name or self.storage['id']}"
        known = f", {self.known} of them there before" if self.known else ""
        return f"{self.plan.folder} -> {place}: {self.count} {kind.content}{known}"

    @property
    def wire(self) -> Record:
        return {
            "kind": self.plan.folder.kind.word,
            "from": str(self.plan.folder.path),
            "id": self.storage["id"],
            "name": self.plan.name,
            "count": self.count,
            "alreadyPresent": self.known,
        }


def run(call: Call) -> int:
    """Everything from the folders to what became of them; the exit code. Raises Problem."""
    plans = _plans(call)
    left_out = [entry for plan in plans for entry in plan.content.left_out]
    for entry in left_out:
        say(f"Left out {entry}", "yellow")
    try:
        with connected(call.data_dir) as client:
            imported = _carried_out(client, plans, call)
    except KeyboardInterrupt:
        return ABORTED
    if call.as_json:
        told = {"imported": [one.wire for one in imported], "leftOut": left_out}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    return 0


def _plans(call: Call) -> list[Plan]:
    """What goes where; everything has been read once, so that what is broken is found before anything is sent."""
    contents = _contents(call.path)
    names = [_name(folder, call, is_alone=folder.path == call.path.resolve()) for folder, _ in contents]
    plans = [Plan(folder, content, name) for (folder, content), name in zip(contents, names, strict=True)]
    _refuse_double(plans)
    return plans


def _contents(path: Path) -> list[tuple[Folder, Content]]:
    """Raises Problem where there is nothing. The SDKs make `default` folders of all kinds, needed or not."""
    with step(f"Reading {path}"):
        try:
            found = [(folder, reading.content(folder)) for folder in reading.folders(path)]
        except OSError as problem:
            why = f"{problem.filename} cannot be read: {problem.strerror}."
            raise Problem(why, "Nothing was imported.", exit_code=INVALID_INPUT) from problem
    kept = [(folder, content) for folder, content in found if content.count or not folder.is_default]
    if not kept:
        raise Problem(f"There is nothing in {path} to import.", exit_code=INVALID_INPUT)
    return kept


def _name(folder: Folder, call: Call, *, is_alone: bool) -> str | None:
    """Raises Problem for a name that the platform would refuse."""
    takes_given = folder.is_default or is_alone
    if takes_given and call.run_id:
        return None
    if takes_given and call.name:
        return _allowed(call.name)
    own = _project(folder.root) if folder.is_default else folder.path.name
    name = storage_name(own)
    if not name:
        raise Problem(f"{own} gives {folder} no name.", "Name it with --name.", exit_code=INVALID_INPUT)
    if name != own:
        say(f"{own} becomes {name}: names have letters, digits and hyphens only.")
    return name


def _project(root: Path) -> str:
    return root.parent.name if root.name in ROOTS else root.name


def _allowed(name: str) -> str:
    if not NAME.fullmatch(name):
        rule = f"1 to {MAX_NAME_LENGTH} letters, digits and hyphens, no hyphen first or last"
        raise Problem(f"--name {name} is no name of a storage: {rule}.", exit_code=INVALID_INPUT)
    return name


def _refuse_double(plans: list[Plan]) -> None:
    seen: dict[tuple[str, str | None], Plan] = {}
    for plan in plans:
        other = seen.setdefault((plan.folder.kind.word, plan.name), plan)
        if other is not plan:
            raise Problem(
                f"{other.folder} and {plan.folder} would both become {plan.name}.",
                "Name what is in `default` with --name, or import one of them alone.",
                exit_code=INVALID_INPUT,
            )


def _carried_out(client: Client, plans: list[Plan], call: Call) -> list[Imported]:
    known = _known(client, plans, call.run_id)
    if not call.append:
        _refuse_full(client, plans, known)
    done: list[Imported] = []
    for plan, storage in zip(plans, known, strict=True):
        done.append(_imported(client, plan, storage))
        if call.as_json:
            say(done[-1].line)
        else:
            results.print(done[-1].line)
    return done


def _known(client: Client, plans: list[Plan], run_id: str | None) -> list[Record | None]:
    """The storages that are there already."""
    run = client.run(run_id) if run_id else None
    if run_id and run is None:
        raise Problem(f"There is no run {run_id}.", exit_code=INVALID_INPUT)
    return [client.storage(plan.folder.kind.word, _reference(plan, run)) for plan in plans]


def _reference(plan: Plan, run: Record | None) -> str:
    if plan.name is None and run is not None:
        return str(run[plan.folder.kind.of_run])
    return f"~{plan.name}"


def _refuse_full(client: Client, plans: list[Plan], known: list[Record | None]) -> None:
    full = [
        f"{plan.folder.kind.label} {plan.name or storage['id']}"
        for plan, storage in zip(plans, known, strict=True)
        if storage is not None and _holds_something(client, plan, storage)
    ]
    if full:
        raise Problem(
            f"Nothing was imported: the {', the '.join(full)} would be added to.",
            "Add to what is there with --append, or choose another --name.",
            exit_code=INVALID_INPUT,
        )


def _holds_something(client: Client, plan: Plan, storage: Record) -> bool:
    if plan.folder.kind is STORES:
        return any(True for _ in client.keys(storage["id"]))
    return bool(storage["itemCount"] if plan.folder.kind is DATASETS else storage["totalRequestCount"])


def _imported(client: Client, plan: Plan, known: Record | None) -> Imported:
    # Only a run's own storages have no name here, and these are known.
    storage = known or client.open_storage(plan.folder.kind.word, str(plan.name))
    done, total = Imported(plan, storage), plan.content.count
    with counting(f"Importing {plan.folder}", total) as tell:
        try:
            for count, present in _parts(client, plan, storage["id"]):
                done.count += count
                done.known += present
                tell(done.count)
        except (Problem, KeyboardInterrupt, OSError) as problem:
            say(f"Stopped in the middle. {done.line} of {total}; what comes after was not begun.", "yellow")
            if isinstance(problem, OSError):
                raise Problem(f"{problem.filename} cannot be read: {problem.strerror}.") from problem
            raise
    return done


def _parts(client: Client, plan: Plan, id: str) -> Iterator[tuple[int, int]]:
    """Import part by part; of each part how much it was, and how much of it was there before."""
    content = plan.content
    for push in _batches(reading.items(content.items)):
        client.push(id, _array(push))
        yield len(push), 0
    for record in content.records:
        with record.file.open("rb") as value:
            client.put_record(id, record.key, record.content_type, value)
        yield 1, 0
    for batch in _batches(map(dumps, reading.requests(content.requests)), MAX_BATCH):
        outcomes = client.add_requests(id, _array(batch))
        yield len(batch), sum(outcome["wasAlreadyPresent"] for outcome in outcomes)


def _batches(texts: Iterable[bytes], most: float = math.inf) -> Iterator[list[bytes]]:
    """Batches of a moderate size and of no more than `most`; what is bigger goes alone."""
    batch: list[bytes] = []
    size = 0
    for text in texts:
        if batch and (size + len(text) > BATCH_BYTES or len(batch) == most):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _array(texts: list[bytes]) -> bytes:
    return b"[" + b",".join(texts) + b"]"
