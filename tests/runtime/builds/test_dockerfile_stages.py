"""What the last stage of a Dockerfile copies from its context."""

from __future__ import annotations

import pytest

from runtime.builds.dockerfile_parsing import parse


@pytest.mark.parametrize(
    ("text", "copies"),
    [
        ("COPY . ./", [(".", ".", True)]),
        ("COPY --chown=me:me package*.json ./", [("package*.json", ".", True)]),
        ("COPY main.py run.py", [("main.py", "run.py", False)]),
        ("COPY a b /x", [("a", "/x", True), ("b", "/x", True)]),
        ('COPY ["src dir", "./src/"]', [("src dir", "src", True)]),
        ("WORKDIR /app\nWORKDIR sub\nCOPY src ./src", [("src", "/app/sub/src", False)]),
        ("ARG D=/opt\nENV APP=${D}/app\nCOPY . $APP", [(".", "/opt/app", False)]),
        ("COPY . $UNKNOWN", []),
        ("COPY --from=other /x ./", []),
        ("COPY <<EOF ./x\ntext\nEOF\nCOPY a ./", [("a", ".", True)]),
        ("ADD data.tar.gz https://x/y ./\nADD data.json ./", [("data.json", ".", True)]),
        ("COPY a ./\nFROM scratch\nCOPY b ./", [("b", ".", True)]),
        ("WORKDIR /app\nCOPY a ./\nFROM first AS second\nCOPY b ./", [("a", "/app", True), ("b", "/app", True)]),
        ("COPY a", []),
        ("COPY [broken ./", []),
    ],
)
def test_the_copies_of_the_last_stage(text: str, copies: list[tuple[str, str, bool]]) -> None:
    found = parse(f"FROM node AS first\n{text}\n").copies
    assert [(copy.source, copy.target, copy.into_folder) for copy in found] == copies
