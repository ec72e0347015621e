"""`greenroom fit`: finds out how much memory an Actor needs, by running it at several sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.actors.folder import read_actor_folder
from cli.client import connected
from cli.completion import complete_actor
from cli.errors import FAILED, CommandError, error_object
from cli.failures import Command
from cli.fit.following import Follower
from cli.fit.options import parse_budget, parse_sizes
from cli.fit.target import FitTarget, Input, given_inputs, is_source, prepare_target
from cli.fit.text import print_fit
from cli.fit.writing import writable_definition, write_recommendation
from cli.options import DataDir, html_file, not_empty, parsed
from cli.report.writing import write_document
from cli.runs.start_options import BuildOption, EnvVars, Prefill, StartArguments, Timeout, start_arguments
from runtime.base.json_text import JsonDict
from runtime.base.records import Budget, Strategy

app = typer.Typer(add_completion=False)

Reference = Annotated[
    str,
    typer.Argument(
        metavar="PATH|ACTOR",
        callback=not_empty,
        autocompletion=complete_actor,
        help="The folder of the Actor, by default the current one; a git repository; or the name or id of an Actor on"
        " the server.",
        show_default=False,
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="JSON|@FILE|-",
        help="Measure with this input: JSON, a file, or - for stdin. Can be repeated: then the recommendation holds for"
        " all inputs, and an expression is suggested if their needs differ.",
    ),
]
Sizes = Annotated[
    str | None,
    typer.Option(
        metavar="SIZES",
        help="Run at each of these sizes, as in 256,512,1g or 256-4g. Default: search for the smallest one that fits.",
    ),
]
Repeat = Annotated[int, typer.Option(min=1, max=100, metavar="N", help="Make this many runs at each size.")]
StrategyOption = Annotated[
    Strategy,
    typer.Option(
        metavar="STRATEGY",
        help="Recommend one of the sizes that fit: the smallest, the cheapest, the fastest, or the balanced one, which"
        " has the lowest product of cost and time.",
    ),
]
Parallel = Annotated[
    int,
    typer.Option(
        min=1,
        max=100,
        metavar="N",
        help="Make up to N runs at the same time, as far as the memory of this machine and the user's limit allow. This"
        " applies to --sizes, --repeat and several inputs. Such runs can make each other slower.",
    ),
]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        metavar="TIME|USD",
        help="Start no further run after this time or cost, as in 10m or 0.5usd.",
    ),
]
Write = Annotated[
    bool,
    typer.Option(
        "--write",
        help="Write defaultMemoryMbytes, minMemoryMbytes and maxMemoryMbytes to .actor/actor.json if the recommendation"
        " is proven. Comments and layout stay as they are.",
    ),
]
Html = Annotated[Path | None, html_file("the result")]
ResultAsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as one JSON object to stdout, even if the command fails.")
]


SHOWN_FIELDS = (
    *("id", "status", "actor", "buildNumber", "strategy", "isComplete", "inputs", "sizes", "runs"),
    *("recommendation", "expression", "notes", "advice"),
)


@dataclass(frozen=True, slots=True)
class SearchArguments:
    """What to measure, and how. `sizes` None means a search for the smallest size that fits."""

    sizes: tuple[int, ...] | None
    repeat: int
    strategy: Strategy
    parallel: int
    budget: Budget


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files to write, if any: the actor.json to change, and the web page."""

    definition: Path | None
    page: Path | None


@app.command(cls=Command)
def fit(
    reference: Reference = ".",
    inputs: Inputs = None,
    prefill: Prefill = False,
    sizes: Sizes = None,
    repeat: Repeat = 1,
    strategy: StrategyOption = Strategy.SMALLEST,
    parallel: Parallel = 1,
    budget: BudgetOption = None,
    timeout: Timeout = None,
    env: EnvVars = None,
    build: BuildOption = None,
    write: Write = False,
    html: Html = None,
    as_json: ResultAsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Find out how much memory an Actor needs, and prove it.

    It runs the Actor at several sizes, recommends one, and proves it with a fresh run. Ctrl-C ends the measurement and
    shows what is known. Afterwards, only the proof and the runs that the result names remain.

    Example: greenroom fit my-actor -i @input.json --write

    Exit codes: 0 proven, 1 nothing recommended or not proven, 3 interrupted; others as for `greenroom run`.
    """
    _check_combination(reference, build=build, write=write, html=html)
    start = start_arguments(
        data_dir=data_dir,
        given_input=None,
        prefill=prefill,
        memory=None,
        timeout=timeout,
        env=env,
        permission=None,
        build=build,
        as_json=as_json,
        folder=Path(reference) if Path(reference).is_dir() else None,
        no_build=True,
    )
    limit = parsed("--budget", parse_budget, budget) or Budget()
    search = SearchArguments(parsed("--sizes", parse_sizes, sizes), repeat, strategy, parallel, limit)
    outputs = Outputs(writable_definition(Path(reference)) if write else None, html)
    raise typer.Exit(measure_and_recommend(reference, given_inputs(inputs or [], start), start, search, outputs))


def _check_combination(reference: str, *, build: str | None, write: bool, html: Path | None) -> None:
    """Reject options that do not fit together, before anything is built."""
    if build and is_source(reference):
        raise typer.BadParameter("needs the name of an Actor instead of a PATH, which is built", param_hint="--build")
    if write and not Path(reference).is_dir():
        raise typer.BadParameter("needs the folder of the Actor", param_hint="--write")
    if html and not html.resolve().parent.is_dir():
        raise typer.BadParameter(f"the folder of '{html}' does not exist", param_hint="--html")


def measure_and_recommend(
    reference: str, inputs: tuple[Input, ...], start: StartArguments, search: SearchArguments, outputs: Outputs
) -> int:
    """Make the runs, print the result and return the exit code. Raises CommandError."""
    folder = read_actor_folder(Path(reference)) if Path(reference).is_dir() else None
    with connected(start.data_dir, start.configuration, prepares_networks=True) as client:
        target = prepare_target(client, folder or reference, inputs, start)
        follower = Follower(client)
        failure = follower.run(_order(target, search), target.params)
        # Before the end of this block, because stopping a temporary server takes time, and can be interrupted.
        return _report(follower.fit, failure, outputs, as_json=start.as_json)


def _order(target: FitTarget, search: SearchArguments) -> JsonDict:
    return {
        "actor": target.actor["id"],
        "inputs": [{"label": each.label, "body": each.value} for each in target.inputs],
        "sizes": search.sizes,
        "repeat": search.repeat,
        "strategy": search.strategy,
        "parallel": search.parallel,
        "budgetSecs": search.budget.secs,
        "budgetUsd": search.budget.usd,
    }


def _report(fit: JsonDict, failure: CommandError | None, outputs: Outputs, *, as_json: bool) -> int:
    """Write and print the result, and return the exit code."""
    written, problem = _write_files(fit, outputs)
    failure = failure or problem
    if as_json:
        terminal.print_json({**_shown(fit), "writtenTo": written, **_error(fit, failure)})
    else:
        print_fit(fit)
    if failure:
        terminal.print_error(failure)
    return failure.exit_code if failure else 0 if _is_proven(fit) else FAILED


def _shown(fit: JsonDict) -> JsonDict:
    """Return the fields of the fit that --json prints."""
    stored = [run["runId"] for run in fit["runs"] if run["isStored"]]
    remaining = [*stored, *(run["runId"] for run in fit["live"] if run["isStarted"])]
    return {**{name: fit[name] for name in SHOWN_FIELDS}, "remainingRunIds": remaining}


def _write_files(fit: JsonDict, outputs: Outputs) -> tuple[str | None, CommandError | None]:
    """Return the path of the changed actor.json, and the error if a file could not be written.

    An error must not prevent the output of what was measured.
    """
    written = None
    try:
        written = write_recommendation(outputs.definition, fit) if outputs.definition else None
        if outputs.page:
            # Imported here, because only this option needs it.
            from runtime.reports.fit_page import fit_page

            write_document(outputs.page, fit_page(fit))
            terminal.print_message(f"Wrote {outputs.page}")
    except CommandError as error:
        return written, error
    return written, None


def _is_proven(fit: JsonDict) -> bool:
    found = fit["recommendation"]
    return bool(found and found["isProven"])


def _error(fit: JsonDict, failure: CommandError | None) -> JsonDict:
    if failure:
        return failure.json
    if _is_proven(fit):
        return {}
    message = "The recommended size is not proven." if fit["recommendation"] else "No measured size fits."
    return {"error": error_object("not-proven", message, fit["advice"] or "", FAILED)}
