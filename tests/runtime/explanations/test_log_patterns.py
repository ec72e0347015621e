"""Lines of real programs, and the cause that each names."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.containers import LogLine
from runtime.explanations.case import Case
from runtime.explanations.causes import RUN_CAUSES
from runtime.explanations.findings import Certainty, find_causes
from runtime.explanations.log_patterns import LOG_PATTERNS
from runtime.explanations.output import LAST_LINES, MAX_LINE, Output
from tests.fakes.clock import START
from tests.fakes.records import a_run
from tests.runtime.explanations.test_output import NODE_MODULE, PYTHON, STAMP

LINES = {
    "python: can't open file '/usr/src/app/main.py': [Errno 2] No such file or directory": "missing-entry-point",
    "/usr/local/bin/python: No module named src": "missing-entry-point",
    "[FATAL tini (7)] exec start.sh failed: No such file or directory": "missing-entry-point",
    'npm error Missing script: "start:prod"': "missing-script",
    "sh: 1: ffmpeg: not found": "missing-command",
    "/bin/sh: ffmpeg: not found": "missing-command",
    "bash: line 1: ffmpeg: command not found": "missing-command",
    "Error: spawn ffmpeg ENOENT": "missing-command",
    "ModuleNotFoundError: No module named 'httpx'": "missing-python-module",
    "ImportError: cannot import name 'Actor' from 'apify' (/usr/lib/apify/__init__.py)": "missing-python-module",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'got' imported from /usr/src/app/main.js": "missing-node-module",
    "SyntaxError: The requested module 'apify' does not provide an export named 'Actr'": "missing-node-module",
    "BrowserType.launch: Executable doesn't exist at /ms-playwright/chromium-1155/chrome": "missing-browser",
    "Error: Could not find Chrome (ver. 131.0.6778.204). This can occur if": "missing-browser",
    "chrome: error while loading shared libraries: libnss3.so: cannot open": "missing-library",
    "ImportError: libGL.so.1: cannot open shared object file: No such file or directory": "missing-library",
    "Running as root without --no-sandbox is not supported. See https://crbug.com/638180.": "browser-sandbox",
    "playwright._impl._errors.Error: Page.goto: Target crashed": "browser-crash",
    "exec /usr/local/bin/node: exec format error": "wrong-architecture",
    "[FATAL tini (8)] exec ./start.sh failed: Permission denied": "not-executable",
    "PermissionError: [Errno 13] Permission denied: '/usr/src/app/out.json'": "permission-denied",
    "Error: EACCES: permission denied, open '/usr/src/app/out.json'": "permission-denied",
    "FileNotFoundError: [Errno 2] No such file or directory: 'config.json'": "missing-file",
    "Error: ENOENT: no such file or directory, open 'config.json'": "missing-file",
    "MemoryError": "python-memory-error",
    "RuntimeError: can't start new thread": "too-many-processes",
    "Error: listen EADDRINUSE: address already in use :::4321": "port-in-use",
    "[Errno 98] error while attempting to bind on address ('0.0.0.0', 4321): address already in use": "port-in-use",
    "httpx.ConnectTimeout: http://host.greenroom.internal:3333/v2/users/me timed out": "api-unreachable",
    "page.goto: net::ERR_TUNNEL_CONNECTION_FAILED at https://example.com/": "proxy",
    "ProxyError: 403 Forbidden": "proxy",
    "Error: getaddrinfo ENOTFOUND api.example.invalid": "host-not-found",
    "page.goto: net::ERR_NAME_NOT_RESOLVED at https://example.invalid/": "host-not-found",
    "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "certificate",
    "Error: unable to verify: UNABLE_TO_GET_ISSUER_CERT_LOCALLY": "certificate",
    "Error: connect ECONNREFUSED 127.0.0.1:5432": "connection-refused",
    "page.goto: net::ERR_CONNECTION_REFUSED at http://localhost:8000/": "connection-refused",
    "ApifyApiError: Actor was not found": "api-error",
    "apify_client.errors.ApifyApiError: Dataset was not found": "api-error",
    "ValueError: Missing input field": "invalid-input",
    "Error: The input field startUrls is required": "invalid-input",
    "Crawled 12 pages": "",
    "input: 3 rows": "",
}


def case_of(*lines: str, status: JobStatus = JobStatus.FAILED, exit_code: int = 1) -> Case:
    output = Output(LogLine(STAMP, "stderr", line.encode()) for line in lines)
    run = a_run(status=status, exit_code=exit_code)
    return Case(
        run=run, actor="me", folder=None, definition={}, output=output, granted_cpus=1, average_cpus=1, now=START
    )


def causes_of(case: Case) -> list[tuple[str, Certainty]]:
    return [(each.id, each.finding.certainty) for each in find_causes(RUN_CAUSES, case)]


@pytest.mark.parametrize(("line", "cause"), LINES.items())
def test_a_line_at_the_end_is_a_likely_cause(line: str, cause: str) -> None:
    assert causes_of(case_of("starting", line)) == ([(cause, Certainty.LIKELY)] if cause else [])
    assert causes_of(case_of(line, status=JobStatus.SUCCEEDED, exit_code=0)) == [("succeeded", Certainty.CERTAIN)]


def test_a_line_far_above_the_end_is_a_circumstance() -> None:
    case = case_of("Error: connect ECONNREFUSED 127.0.0.1:5432", *["next page"] * LAST_LINES)
    assert causes_of(case) == [("connection-refused", Certainty.CIRCUMSTANCE)]


def test_the_error_at_the_end_precedes_an_earlier_line() -> None:
    case = case_of("Error: connect ECONNREFUSED 127.0.0.1:5432", "retrying", *PYTHON.splitlines())
    assert causes_of(case) == [("host-not-found", Certainty.LIKELY), ("connection-refused", Certainty.CIRCUMSTANCE)]


def test_the_lines_after_the_error_belong_to_its_message() -> None:
    launch = PYTHON.replace(
        "httpx.ConnectError: [Errno -2] Name or service not known", "Error: BrowserType.launch: closed"
    )
    log = [
        "Call log:",
        "  - <launching> chrome",
        "Running as root without --no-sandbox is not supported",
        "  - exitCode=1",
    ]
    case = case_of("starting", *launch.splitlines(), *log)
    assert causes_of(case) == [("browser-sandbox", Certainty.LIKELY)]


def test_the_place_of_the_error_is_evidence() -> None:
    [found] = find_causes(RUN_CAUSES, case_of(*NODE_MODULE.splitlines()))
    texts = [each.text for each in found.finding.evidence]
    assert texts == ["Error: Cannot find module 'left-pad'", "/usr/src/app/main.js, line 1", "1"]


def hostile_lines() -> Iterator[str]:
    """Lines made of the words of each pattern, repeated."""
    for pattern in (each for row in LOG_PATTERNS for each in row.patterns):
        words = re.findall(r"[A-Za-z_]{3,}", pattern.pattern)
        yield (" ".join(words) * MAX_LINE)[:MAX_LINE]
        yield (max(words, key=len, default="x") * MAX_LINE)[:MAX_LINE]


def test_no_line_makes_a_pattern_slow() -> None:
    """A slow pattern would hold the event loop, and this test would not end."""
    for line in hostile_lines():
        causes_of(case_of(line))
