"""`greenroom schedule`: lists schedules, and starts their runs without waiting for their times."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import terminal
from cli.client import connected
from cli.completion import complete_schedule
from cli.errors import FAILED, INVALID_INPUT, CommandError
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, resolved
from cli.terminal import print_message, print_result, print_warning
from cli.terminal.tables import Column, Row, print_table
from cli.terminal.times import readable_time
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List schedules, and start their runs now.")

COLUMNS = (
    Column("SCHEDULE", shrinks=True),
    Column("CRON"),
    Column("TIME ZONE", shrinks=True),
    Column("NEXT RUN"),
    Column("LAST RUN", optional=True),
    Column("ACTIONS", right=True, optional=True),
    Column("ID", optional=True),
)


@app.command("ls", cls=Command)
def list_all(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the schedules with the times of their next and last runs.

    Example: greenroom schedule ls
    """
    with connected(resolved(data_dir)) as client:
        schedules = client.schedules.list()
    if as_json:
        terminal.print_json({"schedules": schedules, "total": len(schedules)})
    elif schedules:
        print_table(COLUMNS, [_row(schedule) for schedule in schedules])
    else:
        print_message("There are no schedules yet.")


def _row(schedule: JsonDict) -> Row:
    return (
        schedule["name"],
        schedule["cronExpression"],
        schedule["timezone"],
        readable_time(schedule["nextRunAt"]) if schedule["isEnabled"] else "disabled",
        readable_time(schedule["lastRunAt"]),
        str(len(schedule["actions"])),
        schedule["id"],
    )


@app.command("fire", cls=Command)
def fire(
    reference: Annotated[
        str,
        typer.Argument(
            metavar="SCHEDULE",
            callback=not_empty,
            autocompletion=complete_schedule,
            help="A schedule: its name or id.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Start the runs of a schedule now, even if it is disabled. Its next time stays the same.

    Example: greenroom schedule fire nightly-crawl

    The exit code is 1 if a run could not be started.
    """
    with connected(resolved(data_dir)) as client:
        schedule = client.schedules.find(reference)
        if schedule is None:
            advice = "List all schedules with `greenroom schedule ls`."
            raise CommandError(f"The schedule {reference!r} does not exist.", advice, exit_code=INVALID_INPUT)
        fired = client.schedules.fire(schedule["id"])
        if not client.urls_stay_valid and fired["runIds"]:
            print_message("Waiting for the runs to finish, because the temporary server would abort them.")
            for run_id in fired["runIds"]:
                client.runs.wait(run_id)
    if as_json:
        terminal.print_json(fired)
    else:
        for run_id in fired["runIds"]:
            print_result(f"Started run {run_id}")
    for problem in fired["problems"]:
        print_warning(problem)
    raise typer.Exit(FAILED if fired["problems"] else 0)
