"""Causes that show in the last output of an Actor. Each row of the table is a cause.

Sources: the messages of CPython, Node.js, npm, Playwright, Chromium, the shells and the init process of Docker.
Patterns must be cheap for any line, because an Actor can write anything: no repetition inside a repetition.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from runtime.base.lifecycle import JobStatus
from runtime.explanations.case import Case, log_evidence
from runtime.explanations.findings import Certainty, Evidence, Finding
from runtime.explanations.limits import FILE_TOO_LARGE, NO_SPACE
from runtime.explanations.memory import HEAP_LIMIT

UNKNOWN = "which the log does not name"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPattern:
    """A cause that a line of the output names.

    `sentence` may contain `{what}`: the group `what` of the pattern that matched. With `shows_memory`, the peak of the
    memory is part of the evidence.
    """

    id: str
    recognizes: str
    patterns: tuple[re.Pattern[str], ...]
    sentence: str
    advice: str
    command: Callable[[Case], str] = Case.show_log
    shows_memory: bool = False

    def find(self, case: Case) -> Finding | None:
        found = case.output.last_match(self.patterns)
        if found is None or case.run.status in (JobStatus.SUCCEEDED, JobStatus.ABORTED):
            return None
        position, match = found
        certainty = case.certainty_at(position)
        return Finding(
            certainty=certainty,
            sentence=self.sentence.format(what=match.groupdict().get("what") or UNKNOWN),
            evidence=(
                log_evidence(match.string),
                *_context(case, certainty),
                *(case.peak_evidence() if self.shows_memory else ()),
            ),
            advice=self.advice,
            command=self.command(case),
        )


def uncaught_error(case: Case) -> Finding | None:
    """The output of a failed run ends with a traceback that no other row describes."""
    error = case.output.final_error
    if error is None or not case.has_failed:
        return None
    if any(_describes_final_error(patterns, case) for patterns in DESCRIBED_ELSEWHERE):
        return None
    return Finding(
        certainty=Certainty.LIKELY,
        sentence=f"The code of the Actor raised {error.type}{f': {error.message}' if error.message else ''}.",
        evidence=(log_evidence(error.text), *_context(case, Certainty.LIKELY)),
        command=case.show_log(),
    )


def _describes_final_error(patterns: tuple[re.Pattern[str], ...], case: Case) -> bool:
    found = case.output.last_match(patterns)
    return found is not None and case.output.is_at_end(found[0])


def _context(case: Case, certainty: Certainty) -> tuple[Evidence, ...]:
    """Where the error was raised, and the exit code, if the line is part of the error at the end."""
    if certainty is not Certainty.LIKELY:
        return ()
    error = case.output.final_error
    place = () if error is None or error.place is None else (Evidence("traceback", error.place),)
    return (*place, case.exit_evidence())


def _patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, texts))


LOG_PATTERNS: tuple[LogPattern, ...] = (
    LogPattern(
        id="missing-entry-point",
        recognizes="the command of the Dockerfile names a program, file or script that is not in the image",
        patterns=_patterns(
            r"can't open file '(?P<what>[^']+)'",
            r"Error: Cannot find module '(?P<what>/[^']+)'$",
            r"python[\d.]*: (?:No module named|Error while finding module specification for) '?(?P<what>[\w.]+)",
            r"exec (?P<what>\S+) failed: No such file or directory",
        ),
        sentence="The image does not contain {what}, which its start command names.",
        advice="Correct CMD in the Dockerfile, or the COPY step and .dockerignore, and build again.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="missing-script",
        recognizes="package.json has no script of the name that the start command uses",
        patterns=_patterns(r"[Mm]issing script: \"?(?P<what>[\w:-]+)"),
        sentence="package.json has no script named {what}.",
        advice="Add it to the scripts in package.json, or correct CMD in the Dockerfile, and build again.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="missing-command",
        recognizes="a shell did not find a program",
        patterns=_patterns(
            r"^(?:/bin/)?(?:ba)?sh: (?:line )?(?:\d+: )?(?P<what>[^\s:]+): (?:command )?not found",
            r"\bspawn (?P<what>\S+) ENOENT",
        ),
        sentence="The program {what} is not in the image.",
        advice="Install it in the Dockerfile, and build again.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="missing-python-module",
        recognizes="Python cannot find a module",
        patterns=_patterns(
            r"ModuleNotFoundError: No module named '(?P<what>[^']+)'",
            r"ImportError: cannot import name '(?P<what>[^']+)'",
        ),
        sentence="The Python module {what} is not in the image, or its version does not match.",
        advice="Add its package to requirements.txt, and build again.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="missing-node-module",
        recognizes="Node.js cannot find a package or file that the code imports",
        patterns=_patterns(
            r"Cannot find (?:package|module) '(?P<what>[^']+)'",
            r"does not provide an export named '(?P<what>[^']+)'",
        ),
        sentence="Node.js cannot find {what}, which the code imports.",
        advice="Add its package to the dependencies in package.json, or correct the path, and build again.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="missing-browser",
        recognizes="Playwright or Puppeteer cannot find its browser",
        patterns=_patterns(
            r"Executable doesn't exist at (?P<what>\S+)",
            r"Could not find (?P<what>Chrome|Chromium|Firefox) \(ver\.",
            r"Failed to launch the browser process.*ENOENT",
        ),
        sentence="The browser is not in the image: {what}.",
        advice="Use a base image with this browser and the same version of Playwright or Puppeteer, and build again.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="missing-library",
        recognizes="a program cannot find a shared library",
        patterns=_patterns(
            r"error while loading shared libraries: (?P<what>[^\s:]+)",
            r"ImportError: (?P<what>lib[^\s:]+): cannot open shared object file",
            r"Host system is missing dependencies",
        ),
        sentence="A shared library is not in the image: {what}.",
        advice="Install it in the Dockerfile, or use a base image that has it, and build again.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="browser-sandbox",
        recognizes="Chrome does not start as root with its sandbox",
        patterns=_patterns(r"Running as root without --no-sandbox is not supported", r"No usable sandbox!"),
        sentence="Chrome did not start, because its sandbox does not work for this user.",
        advice="Start Chrome with --no-sandbox, or run the container as another user.",
    ),
    LogPattern(
        id="browser-crash",
        recognizes="a page or the browser crashed",
        patterns=_patterns(
            r"\b(?:Target|Page) crashed", r"page has crashed", r"Target page, context or browser has been closed"
        ),
        sentence="A page of the browser, or the browser, crashed or was closed.",
        advice="If the memory of the run was near its limit, run it with more. Otherwise, the page may have reached "
        "the heap limit of its own process.",
        shows_memory=True,
    ),
    LogPattern(
        id="wrong-architecture",
        recognizes="a program is for another processor architecture",
        patterns=_patterns(
            r"exec (?P<what>\S+)(?: failed)?: [Ee]xec format error", r"(?P<what>\S+): Exec format error"
        ),
        sentence="This machine cannot execute {what}: it is for another architecture, or a script without #!.",
        advice="Build for the platform of this machine, or correct the first line of the script.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="not-executable",
        recognizes="a program of the start command has no permission to execute",
        patterns=_patterns(
            r"exec (?P<what>\S+) failed: Permission denied",
            r"^(?:/bin/)?(?:ba)?sh: (?:line )?(?:\d+: )?(?P<what>[^\s:]+): Permission denied",
        ),
        sentence="The program {what} is not executable.",
        advice="Add RUN chmod +x for it to the Dockerfile, and build again.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="permission-denied",
        recognizes="the operating system denied access to a file",
        patterns=_patterns(
            r"PermissionError: \[Errno 13\] Permission denied: '(?P<what>[^']+)'",
            r"\bEACCES: permission denied, \w+ '(?P<what>[^']+)'",
            r"\bEROFS: read-only file system, \w+ '(?P<what>[^']+)'",
        ),
        sentence="The user of the container cannot access {what}.",
        advice="Write to another folder, such as /tmp, or change the owner in the Dockerfile.",
    ),
    LogPattern(
        id="missing-file",
        recognizes="a file or program does not exist",
        patterns=_patterns(
            r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<what>[^']+)'",
            r"\bENOENT: no such file or directory, \w+ '(?P<what>[^']+)'",
        ),
        sentence="The file or program {what} does not exist in the container.",
        advice="Add it to the image: install it, or add it to a COPY step of the Dockerfile. Check .dockerignore.",
        command=Case.rebuild,
    ),
    LogPattern(
        id="python-memory-error",
        recognizes="a program could not allocate memory",
        patterns=_patterns(r"^MemoryError\b", r"Cannot allocate memory", r"std::bad_alloc"),
        sentence="A program could not allocate the memory that it requested.",
        advice="Run it with more memory, or make the Actor use less.",
        command=Case.rerun_with_more_memory,
    ),
    LogPattern(
        id="too-many-processes",
        recognizes="the container cannot have more processes or threads",
        patterns=_patterns(
            r"can't start new thread", r"fork: (?:retry: )?Resource temporarily unavailable", r"spawn.*EAGAIN"
        ),
        sentence="The container has reached its limit of 4096 processes and threads.",
        advice="Close browsers and processes that are no longer used.",
    ),
    LogPattern(
        id="port-in-use",
        recognizes="the Actor opens a port on which it already listens",
        patterns=_patterns(
            r"EADDRINUSE.{0,60} (?P<what>\S{1,60}:\d+)",
            r"\[Errno 98\].{0,120}(?P<what>[Aa]ddress already in use.{0,100})",
            r"(?P<what>EADDRINUSE)",
        ),
        sentence="A process of the Actor already listens on this port ({what}).",
        advice="Start the web server once, or use another port.",
    ),
    LogPattern(
        id="api-unreachable",
        recognizes="the Actor cannot reach the API of Greenroom",
        patterns=_patterns(
            r"(?P<what>host\.greenroom\.internal).*(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|timed out|refused)",
            r"(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|timed out|refused).*(?P<what>host\.greenroom\.internal)",
        ),
        sentence="The Actor cannot reach the API at {what}.",
        advice="A firewall of this machine may block it; see docs/troubleshooting.md.",
        command=lambda case: "greenroom status",
    ),
    LogPattern(
        id="proxy",
        recognizes="the proxy rejected a request, or could not connect",
        patterns=_patterns(
            r"The proxy does not connect to (?P<what>\S+?),? because it is not a public address",
            r"(?P<what>ERR_(?:TUNNEL|PROXY)_CONNECTION_FAILED)",
            r"(?P<what>Invalid username: \w+)",
            r"\b(?P<what>(?:407|59[0-9])\b.{0,40})(?:proxy|Proxy|Non Successful|Upstream Error)",
            r"\b(?P<what>ProxyError|ProxyConnectionError)\b",
            r"[Pp]roxy responded with (?P<what>\d{3})",
        ),
        sentence="A request through the proxy failed: {what}.",
        advice="The proxy reaches public addresses, and hosts in GREENROOM_PROXY_ALLOW; see docs/proxy.md.",
        command=lambda case: "greenroom status",
    ),
    LogPattern(
        id="host-not-found",
        recognizes="a host name was not found",
        patterns=_patterns(
            r"\b(?:ENOTFOUND|EAI_AGAIN) (?P<what>\S+)",
            r"ERR_NAME_NOT_RESOLVED at (?P<what>\S+)",
            r"(?P<what>Name or service not known|Temporary failure in name resolution)",
            r"(?P<what>No address associated with hostname)",
        ),
        sentence="A host name was not found: {what}.",
        advice="Correct the name, or connect this machine to a network with a name server.",
    ),
    LogPattern(
        id="certificate",
        recognizes="a TLS certificate was not trusted",
        patterns=_patterns(
            r"(?P<what>CERTIFICATE_VERIFY_FAILED)",
            r"(?P<what>self[- ]signed certificate)",
            r"(?P<what>UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)\w*|ERR_CERT_\w+)",
        ),
        sentence="The certificate of a server was not trusted ({what}).",
        advice="If a proxy of your company replaces certificates, see docs/troubleshooting.md.",
    ),
    LogPattern(
        id="connection-refused",
        recognizes="a server refused the connection",
        patterns=_patterns(
            r"\bECONNREFUSED (?P<what>\S+)",
            r"ERR_CONNECTION_REFUSED at (?P<what>\S+)",
            r"\[Errno 111\].*(?P<what>Connection refused|Connect call failed \([^)]*\))",
            r"(?P<what>All connection attempts failed)",
        ),
        sentence="A server that the Actor connected to does not accept connections: {what}.",
        advice="In a container, localhost is the container itself. Services of this machine are at "
        "host.greenroom.internal.",
    ),
    LogPattern(
        id="api-error",
        recognizes="the API rejected a request of the Actor",
        patterns=_patterns(r"ApifyApiError: (?P<what>.+)", r"apify_client\.errors\.\w+: (?P<what>.+)"),
        sentence="The API rejected a request of the Actor: {what}",
        advice="Correct the request.",
    ),
    LogPattern(
        id="invalid-input",
        recognizes="the Actor rejected its input",
        patterns=_patterns(
            r"\b[Ii]nput\b.{0,80}\b(?:required|missing|invalid|not valid)\b",
            r"\b(?:[Ii]nvalid|[Mm]issing)(?: Actor)? [Ii]nput\b",
        ),
        sentence="The Actor rejected its input.",
        advice="Run it again with another input. An input schema reports such errors before a run starts.",
        command=Case.rerun_without_input,
    ),
)
"""What is recognized in the output, the more specific rows first."""
DESCRIBED_ELSEWHERE = ((NO_SPACE, FILE_TOO_LARGE, HEAP_LIMIT), *(each.patterns for each in LOG_PATTERNS))
"""The lines that another cause than "uncaught error" describes."""
