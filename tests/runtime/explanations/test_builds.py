"""Explanations of builds, from the messages of both builders of Docker, npm, pip and apt."""

from __future__ import annotations

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import BuildOptions
from runtime.builds.builds import INTERRUPTED
from runtime.containers import BuildFailed, WrongArchitecture
from runtime.explanations.builds import BUILD_CAUSES, BuildCase
from runtime.explanations.findings import Certainty, find_causes
from tests.fakes.records import a_build, a_version
from tests.fakes.stage import META, Stage

FAILED = {
    "no match for platform in manifest: not found": "build-wrong-architecture",
    "pull access denied for apify/actor-nobody, repository does not exist": "build-base-image",
    "manifest for apify/actor-node:99 not found: manifest unknown": "build-base-image",
    "apify/actor-node:99: failed to resolve source metadata for docker.io/apify/actor-node:99": "build-base-image",
    "COPY failed: file not found in build context or excluded by .dockerignore: stat app.js: file does not exist": (
        "build-missing-file"
    ),
    'failed to calculate checksum of ref abc::def: "/app.js": not found': "build-missing-file",
    "ERROR: No matching distribution found for htpx==1": "build-missing-package",
    "npm error 404  'left-pad-of-nobody@*' is not in this registry.": "build-missing-package",
    "E: Unable to locate package ffmpegg": "build-missing-package",
    "npm error code ERESOLVE": "build-dependency-conflict",
    "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io": "build-dependency-conflict",
    "npm error request to https://registry.npmjs.org/x failed, reason: getaddrinfo EAI_AGAIN": "build-network",
    "write /usr/lib/x: no space left on device": "build-disk",
    "The command '/bin/sh -c npm ci' returned a non-zero code: 137": "build-memory",
    "/bin/sh: 1: apk: not found": "build-missing-command",
    "dockerfile parse error line 3: unknown instruction: RUNN": "build-definition",
    "The command '/bin/sh -c make' returned a non-zero code: 2": "build-step",
}


def cause_of(message: str, status: JobStatus = JobStatus.FAILED, *lines: str) -> tuple[str, Certainty]:
    case = BuildCase(build=a_build(status=status, status_message=message), actor="me", folder="/me", lines=lines)
    [found, *_] = find_causes(BUILD_CAUSES, case)
    return found.id, found.finding.certainty


@pytest.mark.parametrize(("message", "cause"), FAILED.items())
def test_a_message_or_a_line_of_the_log_names_the_cause(message: str, cause: str) -> None:
    assert cause_of(f"Build failed: {message}") == (cause, Certainty.LIKELY)
    if cause != "build-step":
        assert cause_of("Build failed: a step failed", JobStatus.FAILED, message) == (cause, Certainty.LIKELY)


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        (JobStatus.FAILED, INTERRUPTED, "build-interrupted"),
        (JobStatus.ABORTED, "The build was aborted.", "build-aborted"),
        (JobStatus.TIMED_OUT, "The build did not finish within 1800 seconds.", "build-timeout"),
        (JobStatus.SUCCEEDED, "", "build-succeeded"),
    ],
)
def test_a_status_is_certain(status: JobStatus, message: str, cause: str) -> None:
    assert cause_of(message, status) == (cause, Certainty.CERTAIN)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (BuildFailed("COPY failed: stat app.js: file does not exist"), "build-missing-file"),
        (WrongArchitecture("no match for platform in manifest: not found"), "build-wrong-architecture"),
    ],
)
async def test_a_build_that_failed(stage: Stage, error: BuildFailed, cause: str) -> None:
    stage.engine.build_error = error
    actor = await stage.orchestrator.actors.create(stage.user, "builder", (a_version(),))
    version = stage.orchestrator.versions.get(actor, "0.0")
    build = await stage.orchestrator.live_builds.start(stage.user, actor, version, BuildOptions(tag="latest"), META)
    running = await stage.orchestrator.explanations.of_build(build)
    assert (running.summary, running.is_live) == ("The build is running.", True)
    ended = await stage.orchestrator.builds.wait(build.id, 60)
    explained = await stage.orchestrator.explanations.of_build(ended)
    assert [each.id for each in explained.causes] == [cause]
    assert explained.command == f"greenroom logs {build.id}"
