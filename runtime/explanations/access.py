"""Causes of an Actor that could not reach something, or could not be reached: permissions and its web server."""

from __future__ import annotations

import re

from runtime.base.lifecycle import JobStatus
from runtime.base.records import PermissionLevel
from runtime.explanations.case import Case
from runtime.explanations.findings import Certainty, Evidence, Finding

REJECTED = re.compile(r"insufficient-permissions|LIMITED_PERMISSIONS may not|permission-denied|\b403\b|Forbidden")
LOOPBACK = ("127.", "[::1]")
FIRST_EPHEMERAL_PORT = 32_768
"""From here on, the kernel selects ports: tools such as browsers listen there, but no planned web server."""
ENDS_WITHOUT_QUESTION = (JobStatus.SUCCEEDED, JobStatus.ABORTED)


def permissions(case: Case) -> Finding | None:
    """The API rejected a request of the run, because the permissions of the run did not allow it."""
    run = case.run
    if not run.rejections or run.status is JobStatus.SUCCEEDED:
        return None
    logged = case.output.last_match([REJECTED])
    is_limited = run.permission_level is PermissionLevel.LIMITED
    return Finding(
        certainty=Certainty.CIRCUMSTANCE if logged is None else case.certainty_at(logged[0]),
        sentence="The API rejected a request of the Actor, because the permissions of the run did not allow it.",
        evidence=tuple(Evidence("API", rejection) for rejection in run.rejections),
        advice="Run it with full permissions, or grant the storage in the input schema." if is_limited else "",
        command=case.rerun("--permission", "full") if is_limited else case.show_log(),
    )


def wrong_port(case: Case) -> Finding | None:
    """The web server of the run never answered at its port, but the Actor listened elsewhere."""
    run = case.run
    if run.is_container_server_ready or not run.listening or run.status in ENDS_WITHOUT_QUESTION:
        return None
    expected, addresses = str(run.web_server_port), ", ".join(run.listening)
    reachable = [each for each in run.listening if not each.startswith(LOOPBACK) and _port(each) < FIRST_EPHEMERAL_PORT]
    at_port = [each for each in run.listening if _port(each) == run.web_server_port]
    if not reachable and not at_port and not _serves(case):
        return None  # a tool that the Actor uses, such as a browser
    if at_port and not reachable:
        sentence = f"The web server of the Actor listened only on loopback, at {', '.join(at_port)}."
        advice = "Listen on 0.0.0.0: requests come from outside the container."
    else:
        sentence = f"No web server answered at the run's port {expected}, but the Actor listened on {addresses}."
        advice = "Listen on 0.0.0.0 and the port in ACTOR_WEB_SERVER_PORT."
    return Finding(
        certainty=Certainty.LIKELY if _serves(case) else Certainty.CIRCUMSTANCE,
        sentence=sentence,
        evidence=(Evidence("container", f"listens on {addresses}"), Evidence("run", f"web server port {expected}")),
        advice=advice,
        command=case.rebuild(),
    )


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def _serves(case: Case) -> bool:
    """Whether the definition of the Actor promises a web server."""
    definition = case.definition
    return bool(
        definition.get("usesStandbyMode") or definition.get("webServerSchema") or definition.get("webServerMcpPath")
    )
