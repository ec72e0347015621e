"""The error at the end of an output."""

from __future__ import annotations

import pytest

from runtime.containers import LogLine
from runtime.explanations.output import LAST_LINES, MAX_LINE, Output

STAMP = "2026-01-01T00:00:00.000000000Z"
PYTHON = """\
Traceback (most recent call last):
  File "/usr/src/app/src/main.py", line 12, in main
    page = await fetch(url)
  File "/usr/local/lib/python3.13/site-packages/httpx/_client.py", line 1, in get
    raise mapped_exc(message) from exc
httpx.ConnectError: [Errno -2] Name or service not known"""
CHAINED = f"""\
Traceback (most recent call last):
  File "/usr/local/lib/python3.13/site-packages/httpcore/x.py", line 1, in y
socket.gaierror: [Errno -2] Name or service not known

The above exception was the direct cause of the following exception:

{PYTHON}"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/usr/src/app/main.py", line 3, in <module>
  | ExceptionGroup: unhandled errors (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/usr/src/app/main.py", line 9, in work
    | KeyError: 'price'
    +------------------------------------"""
SDK = """\
[apify] ERROR Actor failed with an exception
      Traceback (most recent call last):
        File "/usr/src/app/src/main.py", line 7, in main
          raise ValueError("no price")
      ValueError: no price"""
NODE = """\
file:///usr/src/app/main.js:2
console.log(price.amount);
                  ^

TypeError: Cannot read properties of null (reading 'amount')
    at parse (file:///usr/src/app/main.js:2:19)
    at ModuleJob.run (node:internal/modules/esm/module_job:263:25)

Node.js v22.12.0"""
NODE_MODULE = """\
node:internal/modules/cjs/loader:1228
  throw err;
  ^

Error: Cannot find module 'left-pad'
Require stack:
- /usr/src/app/main.js
    at Function._resolveFilename (node:internal/modules/cjs/loader:1225:15)
    at Object.<anonymous> (/usr/src/app/main.js:1:1) {
  code: 'MODULE_NOT_FOUND'
}"""


def output_of(text: str, stream: str = "stderr") -> Output:
    return Output(LogLine(STAMP, stream, line.encode()) for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "type", "message", "place"),
    [
        (PYTHON, "ConnectError", "[Errno -2] Name or service not known", "/usr/src/app/src/main.py, line 12"),
        (CHAINED, "ConnectError", "[Errno -2] Name or service not known", "/usr/src/app/src/main.py, line 12"),
        (GROUP, "KeyError", "'price'", "/usr/src/app/main.py, line 9"),
        (SDK, "ValueError", "no price", "/usr/src/app/src/main.py, line 7"),
        (NODE, "TypeError", "Cannot read properties of null (reading 'amount')", "/usr/src/app/main.js, line 2"),
        (NODE_MODULE, "Error", "Cannot find module 'left-pad'", "/usr/src/app/main.js, line 1"),
    ],
)
def test_the_last_error_with_its_place(text: str, type: str, message: str, place: str) -> None:
    error = output_of(f"some line\n{text}\n").final_error
    assert error is not None
    assert (error.type, error.message, error.place) == (type, message, place)


def test_a_chained_error_begins_with_its_cause() -> None:
    output = output_of(f"first\n{CHAINED}")
    assert not output.is_at_end(0) and output.is_at_end(3)


def test_an_error_far_above_the_end_was_handled() -> None:
    assert output_of(f"{PYTHON}\n" + "next page\n" * LAST_LINES).final_error is None


@pytest.mark.parametrize("text", ["", "all is well", "Traceback (most recent call last):", "    at nothing"])
def test_an_output_without_an_error(text: str) -> None:
    assert output_of(text).final_error is None


def test_only_the_last_container_counts() -> None:
    lines = [
        LogLine(STAMP, "stderr", b"ValueError: first"),
        LogLine(STAMP, "actor", b"ACTOR: Creating Docker container."),
    ]
    output = Output([*lines, LogLine(STAMP, "stdout", b"\x1b[31mred\x1b[0m " + b"x" * 10_000)])
    assert output.lines == ["red " + "x" * (MAX_LINE - 4)]
    assert output.system == ["ACTOR: Creating Docker container."]
