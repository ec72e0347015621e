"""Causes of builds that failed. They show in the build's status, its message and the end of its log."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Build
from runtime.builds.builds import INTERRUPTED
from runtime.explanations.case import log_evidence
from runtime.explanations.findings import Cause, Certainty, Evidence, Finding
from runtime.explanations.output import LAST_LINES, MAX_LINE


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildCase:
    """A build to explain. `lines` are the last lines of its log; `folder` is the local folder of its source, if any."""

    build: Build
    actor: str | None
    folder: str | None
    lines: tuple[str, ...]

    @property
    def message(self) -> str:
        return self.build.status_message or ""

    def show_log(self) -> str:
        return f"greenroom logs {self.build.id}"

    def build_again(self) -> str:
        if self.folder is not None:
            return shlex.join(["greenroom", "push", self.folder])
        return self.show_log()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPattern:
    """A cause that a line of the build's log, or its status message, names. `{what}` is a group of the pattern."""

    id: str
    recognizes: str
    patterns: tuple[re.Pattern[str], ...]
    sentence: str
    advice: str

    def find(self, case: BuildCase) -> Finding | None:
        if case.build.status is not JobStatus.FAILED:
            return None
        for line in (case.message[:MAX_LINE], *reversed(case.lines[-LAST_LINES:])):
            match = next((match for each in self.patterns if (match := each.search(line))), None)
            if match is not None:
                return Finding(
                    certainty=Certainty.LIKELY,
                    sentence=self.sentence.format(what=match.groupdict().get("what") or "which the log does not name"),
                    evidence=_evidence(case, line),
                    advice=self.advice,
                    command=case.build_again(),
                )
        return None


def _evidence(case: BuildCase, line: str) -> tuple[Evidence, ...]:
    """The line, and the status message if the line is not a part of it."""
    message = Evidence("status message", case.message)
    if line in case.message:
        return (message,)
    return (log_evidence(line), message) if case.message else (log_evidence(line),)


def _ended(status: JobStatus, sentence: str, advice: str) -> Callable[[BuildCase], Finding | None]:
    def find(case: BuildCase) -> Finding | None:
        if case.build.status is not status:
            return None
        message = (Evidence("status message", case.message),) if case.message else ()
        return Finding(
            certainty=Certainty.CERTAIN,
            sentence=sentence,
            evidence=(Evidence("status", status), *message),
            advice=advice,
            command=case.show_log() if status is JobStatus.SUCCEEDED else case.build_again(),
        )

    return find


def interrupted(case: BuildCase) -> Finding | None:
    """The server stopped during the build."""
    if case.build.status is not JobStatus.FAILED or case.message != INTERRUPTED:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="The server stopped during the build. Unlike runs, builds do not survive this.",
        evidence=(Evidence("status message", case.message),),
        advice="Build again.",
        command=case.build_again(),
    )


def failed_step(case: BuildCase) -> Finding | None:
    """A build failed for a reason that no other row describes: its message is all that is known."""
    if case.build.status is not JobStatus.FAILED or not case.message or case.message == INTERRUPTED:
        return None
    if any(pattern.find(case) for pattern in BUILD_PATTERNS):
        return None
    return Finding(
        certainty=Certainty.LIKELY,
        sentence=case.message,
        evidence=(Evidence("status message", case.message), *(log_evidence(line) for line in case.lines[-3:])),
        command=case.show_log(),
    )


def _patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, texts))


BUILD_PATTERNS: tuple[BuildPattern, ...] = (
    BuildPattern(
        id="build-wrong-architecture",
        recognizes="the base image does not exist for the architecture of this machine",
        patterns=_patterns(r"no match for platform in manifest", r"exec format error"),
        sentence="An image of the Dockerfile is for another processor architecture.",
        advice="Use a base image that exists for this machine, or install an emulator.",
    ),
    BuildPattern(
        id="build-base-image",
        recognizes="the base image is not on this machine and could not be pulled",
        patterns=_patterns(
            r"pull access denied for (?P<what>[^\s,]+)",
            r"manifest for (?P<what>\S+) not found",
            r"(?P<what>\S+): (?:failed to resolve source metadata|failed to do request)",
            r"(?:image|Image) '?(?P<what>[\w./:-]+)'? .*could not be pulled",
            r"No such image: (?P<what>\S+)",
        ),
        sentence="The base image is not on this machine, and it could not be pulled: {what}.",
        advice="Correct its name in FROM. Without a network, see 'A build cannot find its base image' in "
        "docs/troubleshooting.md.",
    ),
    BuildPattern(
        id="build-missing-file",
        recognizes="COPY or ADD names a file that is not in the source",
        patterns=_patterns(
            r"COPY failed: .*stat (?P<what>[^:]+): (?:file|no such file)",
            r"COPY failed: (?P<what>no source files were specified)",
            r'failed to calculate checksum of ref \S+: "(?P<what>[^"]+)": not found',
        ),
        sentence="The Dockerfile copies a file that is not in the source: {what}.",
        advice="Correct the path, or remove it from .dockerignore.",
    ),
    BuildPattern(
        id="build-missing-package",
        recognizes="a package or version does not exist",
        patterns=_patterns(
            r"No matching distribution found for (?P<what>\S+)",
            r"npm (?:ERR!|error) 404 .*'(?P<what>[^']+)'",
            r"No matching version found for (?P<what>\S+)",
            r"Unable to locate package (?P<what>\S+)",
        ),
        sentence="The package {what} was not found in its registry.",
        advice="Correct the name or version. If the registry was not reachable, an earlier line of the log has the "
        "network error.",
    ),
    BuildPattern(
        id="build-dependency-conflict",
        recognizes="the dependencies conflict with each other",
        patterns=_patterns(r"npm (?:ERR!|error) code (?P<what>ERESOLVE)", r"(?P<what>ResolutionImpossible)"),
        sentence="The versions of the dependencies conflict with each other ({what}).",
        advice="Correct the versions in package.json or requirements.txt.",
    ),
    BuildPattern(
        id="build-network",
        recognizes="a step of the build had no network",
        patterns=_patterns(
            r"(?P<what>EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ECONNREFUSED)",
            r"(?P<what>Temporary failure in name resolution|Could not resolve host)",
        ),
        sentence="A step of the build could not reach a server ({what}).",
        advice="Check the network and the proxy of this machine; see docs/troubleshooting.md.",
    ),
    BuildPattern(
        id="build-disk",
        recognizes="the disk of the Docker engine is full",
        patterns=_patterns(r"no space left on device", r"\bENOSPC\b"),
        sentence="The disk of the Docker engine is full.",
        advice="Free space, for example with `greenroom prune`.",
    ),
    BuildPattern(
        id="build-memory",
        recognizes="a step of the build was killed",
        patterns=_patterns(r"returned a non-zero code: (?P<what>137)", r"exit code: (?P<what>137)"),
        sentence="A step of the build got SIGKILL (exit code {what}). The usual reason is memory.",
        advice="Make the step use less memory, for example with fewer parallel jobs.",
    ),
    BuildPattern(
        id="build-missing-command",
        recognizes="a step of the build names a program that is not in the image",
        patterns=_patterns(r"sh: (?:\d+: )?(?P<what>[^\s:]+): not found"),
        sentence="The program {what} is not in the base image.",
        advice="Install it in an earlier step. A stand-in base image is Debian: it has apt-get, not apk.",
    ),
    BuildPattern(
        id="build-definition",
        recognizes="the Dockerfile, actor.json or a schema is invalid",
        patterns=_patterns(
            r"(?i)dockerfile parse error", r"unknown instruction: \S+", r"actor\.json", r"(?i)input schema is not valid"
        ),
        sentence="The Dockerfile or the definition of the Actor is not valid.",
        advice="Correct the line that the message names.",
    ),
)
BUILD_CAUSES: tuple[Cause[BuildCase], ...] = (
    Cause(
        id="build-interrupted",
        recognizes="the server stopped during the build",
        evidence="status message",
        find=interrupted,
    ),
    Cause(
        id="build-aborted",
        recognizes="somebody aborted the build",
        evidence="status",
        find=_ended(JobStatus.ABORTED, "The build was aborted.", "Build again."),
    ),
    Cause(
        id="build-timeout",
        recognizes="the build took longer than 1800 seconds",
        evidence="status",
        find=_ended(
            JobStatus.TIMED_OUT,
            "The build reached its timeout and was stopped.",
            "Find the slow step in the log, and make it faster.",
        ),
    ),
    *(
        Cause(id=each.id, recognizes=each.recognizes, evidence="status message, log", find=each.find)
        for each in BUILD_PATTERNS
    ),
    Cause(id="build-step", recognizes="another step failed", evidence="status message, log", find=failed_step),
    Cause(
        id="build-succeeded",
        recognizes="the build succeeded",
        evidence="status",
        find=_ended(JobStatus.SUCCEEDED, "The build succeeded.", ""),
    ),
)
