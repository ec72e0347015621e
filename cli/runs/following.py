"""Follows a run from its start to its end: prints its log, aborts it on an interrupt, and prints its results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cli.client import Client
from cli.errors import CommandError
from cli.explanations.hint import print_hint
from cli.options import data_dir_option
from cli.runs.log_follower import LogFollower
from cli.runs.results import exit_code, fetch_summary, print_results_json
from cli.runs.summary import print_summary
from cli.runs.web_server_notice import web_server_notice
from cli.terminal import print_message, print_warning, streams
from cli.terminal.interrupts import deferred_interrupts
from cli.terminal.streams import OutputError
from runtime.base.json_text import JsonDict


def follow_to_end(
    client: Client,
    start: Callable[[], JsonDict],
    actor_name: str,
    *,
    data_dir: Path,
    as_json: bool,
    skipped_bytes: int = 0,
) -> int:
    """Start a run, print its log and its results, and return the exit code. The first interrupt aborts the run.

    `skipped_bytes` of its log are not printed. Raises CommandError.
    """
    run = _run_to_end(client, start, actor_name, as_json=as_json, skipped_bytes=skipped_bytes)
    if as_json:
        print_results_json(client, run)
    else:
        _print_summary(client, run, data_dir)
    print_hint(client, run, data_dir)
    return exit_code(run)


def _print_summary(client: Client, run: JsonDict, data_dir: Path) -> None:
    """Print the summary. If it cannot be fetched, the run has nevertheless ended as its status shows."""
    try:
        print_summary(fetch_summary(client, run, data_dir))
    except OutputError:
        raise
    except CommandError as error:
        print_message(f"{run['status']}  run {run['id']}: {run.get('statusMessage') or 'It has no status message.'}")
        command = f"greenroom inspect {run['id']}{data_dir_option(data_dir)}"
        print_warning(f"Its results cannot be shown now: {error.message} Show them later: {command}")


def _run_to_end(
    client: Client, start: Callable[[], JsonDict], actor_name: str, *, as_json: bool, skipped_bytes: int
) -> JsonDict:
    """Start the run and return it when it has finished. The first interrupt aborts it, the second one exits."""
    run: JsonDict | None = None
    log: LogFollower | None = None
    try:
        with deferred_interrupts():
            run = start()
        print_message(f"Run {run['id']} of {actor_name}, build {run['buildNumber']}")
        log = LogFollower(client, run["id"], streams.stderr if as_json else streams.stdout, skipped_bytes)
        with web_server_notice(client, run["id"]):
            log.follow()
        return client.runs.wait(run["id"])
    except KeyboardInterrupt:
        if run is None:
            raise
        return _abort(client, run, log)
    except OutputError:
        if run is not None:
            client.runs.abort(run["id"])
        raise


def _abort(client: Client, run: JsonDict, log: LogFollower | None) -> JsonDict:
    try:
        print_warning("\nAborting the run. Press Ctrl-C again to exit without waiting.")
        client.runs.abort(run["id"])
        if log:
            log.follow()
        return client.runs.wait(run["id"])
    except KeyboardInterrupt:
        print_warning(f"\nExited without waiting. Run {run['id']} may still be ending; its record and log remain.")
        raise
