"""Hostile requests to every route of the application, whose routes and names are read from the code."""

from __future__ import annotations

import ast
import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi.routing import APIRoute
from hypothesis import strategies as st

from api.app import ROUTERS

ROOT = Path(__file__).resolve().parents[2]
EXCLUDED = {"POST /greenroom/shutdown": "it stops the server"}
ROUTES = sorted(
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
    if f"{method} {route.path}" not in EXCLUDED
)
NAME = re.compile(r"[a-z][A-Za-z]{1,29}")
PARAMETER = re.compile(r"\{[^}]+\}")


def names_in_code() -> list[str]:
    """All words in the code of the API that can be names of parameters and fields."""
    return sorted(
        {
            node.value
            for path in (ROOT / "api").rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value)
        }
    )


NAMES = names_in_code()
TEXTS = (
    *("", " ", "0", "-1", "1", "1e400", "NaN", "null", "true", "undefined", "[]", "{}", '"', "'", "\\", "%", "%zz"),
    *("..", "../../etc/passwd", "~", "me~", "~~", "me~me~me", "a/b", ".", "/", "//", "a" * 300, "a" * 5000),
    *("\x00", "\x01", "\r\nX: 1", "\t", "\x7f", "\u2028", "\ufeff", "\U0001f600", "é", "e\u0301", "\u202e", "\ud800"),
    *("9" * 30, str(2**53), str(2**63), str(2**64), "-0", "0x10", "1_000", "١٢", "1.5", "  5  "),
    *("__proto__", "constructor", "SELECT 1", "' OR 1=1 --", "{{resource}}", "{{", "}}", "{{resource.a.b}}", "${x}"),
    *("YQ==", "YQ", "====", "Y Q", "_-_-", "é===", "2020-02-30T00:00:00Z", "9999-12-31T23:59:59.999Z", "-1 year"),
    *("*/5 * * * *", "* * * * * * *", "@reboot", "99 99 99 99 99", "0 0 31 2 *", "*/0 * * * *", "Mars/Olympus"),
    *("http://", "http://[::1", "https://a:b@c:99999/", "javascript:1", "file:///etc/passwd", "a@b:c", "http://\ud800"),
    *("0.0", "0.0.1", "latest", "INPUT", "READY", "ACTOR.RUN.SUCCEEDED", "SOURCE_FILES", "TARBALL", "application/json"),
    *("json", "csv", "xlsx", "xml", "rss", "html", "jsonl", "a.b.c", "*", "^(a+)+$", "(", "a,b,,c", ",", "-a"),
)
CONTENT_TYPES = (
    *("application/json", "application/json; charset=utf-16", "application/json; charset=nonsense", "text/plain"),
    *("application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=a", "a", "", "/", ";"),
    *("application/octet-stream", "image/png", "APPLICATION/JSON;;", "text/html; charset=\xff", "application/ld+json"),
)
ENCODINGS = ("gzip", "br", "deflate", "identity", "nonsense", "gzip, br", "zstd", "", "gzip" + ", gzip" * 50)
OTHER_HEADERS = (
    *("Idempotency-Key", "X-Apify-Request-Origin", "Range", "If-None-Match", "If-Modified-Since", "Accept", "Cookie"),
    *(
        "Accept-Encoding",
        "Prefer",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Forwarded",
        "Expect",
        "Origin",
        "User-Agent",
    ),
)
RAW_BODIES = (
    *(b"", b" ", b"{", b"[", b"null", b"true", b"0", b'""', b"\xff\xfe", b"\x00", b"[" * 100_000, b'{"a":' * 5000),
    *(b'{"a": 1, "a": 2}', b'"\\ud800"', b'{"\\ud800": 1}', b"1e400", b"-" + b"9" * 5000, b"NaN", b"Infinity"),
    *(b"[1,]", b"{'a': 1}", b'{"a": 1} x', b"\xef\xbb\xbf{}", b"--a\r\n\r\n--a--", b"{}\n{}\n", b"[[]]", b"[null]"),
    *(gzip.compress(b"{}")[:-4], gzip.compress(b"[" + b"0," * 100_000 + b"0]"), b"PK\x03\x04"),
)


WEBHOOK = {"requestUrl": "http://localhost:1/", "eventTypes": ["ACTOR.RUN.CREATED"], "condition": {}}
VERSION = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": [], "envVars": [], "buildTag": "latest"}
SCHEDULE = {"cronExpression": "0 0 * * *", "timezone": "UTC", "isEnabled": True, "isExclusive": False, "actions": []}
VALID_BODIES: dict[str, Any] = {
    "actors": {"name": "new", "versions": [VERSION], "defaultRunOptions": {"build": "latest", "memoryMbytes": 256}},
    "versions": {**VERSION, "versionNumber": "0.1"},
    "env-vars": {"name": "NEW", "value": "a", "isSecret": False},
    "actor-tasks": {"actId": "me~hello", "name": "new", "options": {"timeoutSecs": 10}, "input": {"a": 1}},
    "webhooks": {**WEBHOOK, "payloadTemplate": '{"a": {{resource}}}', "headersTemplate": '{"b": "{{eventType}}"}'},
    "schedules": SCHEDULE,
    "items": [{"a": {"b": [1, 2]}, "c": "d"}],
    "requests": {"url": "http://a.example", "uniqueKey": "b", "method": "GET", "userData": {}},
    "batch": [{"url": "http://a.example", "uniqueKey": "c"}],
    "charge": {"eventName": "apify-actor-start", "count": 1},
}
"""Bodies that are valid for the operations of a path, by its last fixed word. Most of the random ones vary these."""


@dataclass(frozen=True)
class HostileRequest:
    """`values` are one for each parameter of the path. None stands for a record that exists."""

    method: str
    path: str
    values: list[str | None]
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: bytes

    def target(self, existing: dict[str, str]) -> str:
        """The path and query, percent-encoded. `existing` are ids by the word before them in a path."""
        path = self.path
        for value in self.values:
            before, parameter, after = re.split(r"(\{[^}]+\})", path, maxsplit=1)
            text = existing.get(before.rstrip("/").rpartition("/")[2], "x") if value is None else value
            path = before + (encoded(text) or parameter.strip("{}")) + after
        query = urlencode([(encodable(k), encodable(v)) for k, v in self.query])
        return f"{path}?{query}" if query else path


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="~")


def encodable(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=20), st.sampled_from(NAMES))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((2**31, 2**53, 2**63, 2**64, -1, 0, 1, 128, 1024)),
    st.floats(),
    texts,
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), texts), inner, max_size=5),
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(NAMES), values, max_size=8)
json_bodies = st.one_of(objects, st.lists(objects, max_size=3), values).map(lambda value: json.dumps(value).encode())
bodies = st.one_of(json_bodies, json_bodies.map(gzip.compress), st.sampled_from(RAW_BODIES), st.binary(max_size=50))
header_values = st.one_of(texts, st.text(st.characters(max_codepoint=255), max_size=20))
headers = st.one_of(
    st.tuples(st.just("Content-Type"), st.sampled_from(CONTENT_TYPES)),
    st.tuples(st.just("Content-Encoding"), st.sampled_from(ENCODINGS)),
    st.tuples(st.sampled_from(OTHER_HEADERS), header_values),
)


@st.composite
def varied(draw: st.DrawFn, valid: Any) -> Any:
    """A valid body with a few changes, at any depth."""
    if isinstance(valid, list):
        return [draw(varied(each)) for each in valid] + draw(st.lists(values, max_size=1))
    if not isinstance(valid, dict):
        return draw(st.one_of(st.just(valid), st.just(valid), values))
    changed = {name: draw(varied(value)) if draw(st.integers(0, 3)) == 0 else value for name, value in valid.items()}
    return {**changed, **draw(st.one_of(st.just({}), st.dictionaries(st.sampled_from(NAMES), values, max_size=2)))}


def _bodies(method: str, path: str) -> st.SearchStrategy[bytes]:
    if method in ("GET", "HEAD"):
        return st.just(b"")
    words = [word for word in path.split("/") if not word.startswith("{")]
    if words[-1] not in VALID_BODIES:
        return bodies
    likely = varied(VALID_BODIES[words[-1]]).map(lambda value: json.dumps(value).encode())
    return st.one_of(likely, likely, bodies)


def _request(route: tuple[str, str]) -> st.SearchStrategy[HostileRequest]:
    method, path = route
    count = len(PARAMETER.findall(path))
    value = st.one_of(st.none(), st.none(), st.none(), st.none(), texts)
    parameter = st.tuples(st.one_of(st.sampled_from(NAMES), texts), texts)
    return st.builds(
        HostileRequest,
        st.just(method),
        st.just(path),
        st.lists(value, min_size=count, max_size=count),
        st.one_of(st.just([]), st.lists(parameter, max_size=4)),
        st.one_of(st.just([]), st.lists(headers, max_size=3)),
        _bodies(method, path),
    )


requests = st.sampled_from(ROUTES).flatmap(_request)
