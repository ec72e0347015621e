"""`.dockerignore`, compared with the docker command, which sends its context to a simulated engine."""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.base.errors import Invalid
from runtime.builds.dockerignore import DockerIgnore, read
from tests.fakes.http_server import Handler, serving

NAMES = ("a", "b", "ab", "a.b")
FILES = [f"{a}/{b}/{c}" for a in NAMES for b in NAMES for c in NAMES] + ["f", "f.b", "af"]
PARTS = ("a", "b", "ab", "a.b", "*", "*.b", "a*", "?", "**", "[ab]", "[^a]", "a?", "..", ".")
CASES = 150


@pytest.mark.parametrize(
    ("patterns", "name", "is_excluded"),
    [
        ("", "a", False),
        ("*", "a/b/c", True),
        ("a", "b/a", False),
        ("/a", "a", True),
        ("a/", "a", True),
        ("./a", "a/b", True),
        ("b/../a", "a", True),
        ("../a", "a", False),
        (".", "a", False),
        ("/", "a", False),
        ("*.md", "x/a.md", False),
        ("**/*.md", "x/y/a.md", True),
        ("**/*.md", "a.md", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a/**/c", "a/c", True),
        ("a?", "a/", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("a[", "a[", True),
        (r"\*", "*", True),
        (r"\*", "a", False),
        ("a.b", "aXb", False),
        ("a(|b", "a(|b", True),
        ("\ufeff# no pattern", "x", False),
        ("#a", "#a", False),
        (" # a", "# a", True),
        ("  a  ", "a", True),
        ("*\n!a/b", "a/b/c", False),
        ("*\n!a/b\na/b/c", "a/b/c", True),
        ("!a\na", "a", True),
        ("a\n! a", "a", False),
        ("ž*", "žluť", True),
        ("a\u2028b", "a", False),
        ("a\x0bb", "a\x0bb", True),
    ],
)
def test_which_names_are_excluded(patterns: str, name: str, is_excluded: bool, tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text(patterns)
    assert read(tmp_path).excludes(name) is is_excluded


@pytest.mark.parametrize(
    ("patterns", "message"), [("a\n[z-a]", r"the pattern '\[z-a\]' is not valid: .*range"), ("a\xff", "not UTF-8")]
)
def test_an_invalid_file_is_rejected(patterns: str, message: str, tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_bytes(patterns.encode("latin-1"))
    with pytest.raises(Invalid, match=message):
        read(tmp_path)


def test_without_a_file_nothing_is_excluded(tmp_path: Path) -> None:
    assert not read(tmp_path).excludes("a") and not read(tmp_path).has_exceptions


def test_every_pattern_is_matched_in_linear_time() -> None:
    assert not DockerIgnore("*a" * 100 + "b\n" + "**/*a" * 100 + "b").excludes("/".join(["a" * 200] * 20))


class Engine(Handler):
    """A simulated engine that receives contexts and fails every build."""

    contexts: list[set[str]]

    def do_GET(self) -> None:
        self.respond(200, b'{"ApiVersion": "1.41"}', Api_Version="1.41", OSType="linux")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        body = b"".join(self._chunks())
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            self.contexts.append({member.name for member in tar if member.isfile()})
        self.respond(500, b'{"message": "no"}')

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()


@pytest.fixture
def context_of_the_command(tmp_path: Path) -> Iterator[Callable[[], set[str]]]:
    """A function that builds the folder with the docker command and returns which of its files were sent."""
    for name in [*FILES, "Dockerfile"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def built() -> set[str]:
        Engine.contexts = []
        environment = {**os.environ, "DOCKER_BUILDKIT": "0", "DOCKER_HOST": f"tcp://{address}"}
        subprocess.run(["docker", "build", str(tmp_path)], env=environment, capture_output=True, check=False)
        [context] = Engine.contexts
        return context & {*FILES}

    with serving(Engine) as address:
        yield built


@pytest.mark.docker
@pytest.mark.parametrize("has_exceptions", [False, True])
def test_the_docker_command_sends_the_same_files(
    tmp_path: Path, context_of_the_command: Callable[[], set[str]], has_exceptions: bool
) -> None:
    """The classic command does not look for exceptions (`!`) inside excluded folders. BuildKit and Greenroom do."""
    chance = random.Random(7)
    for _ in range(CASES):
        patterns = "\n".join(
            a_pattern(chance, has_exceptions and chance.random() < 0.3) for _ in range(chance.randint(1, 3))
        )
        (tmp_path / ".dockerignore").write_text(patterns)
        ignore = DockerIgnore(patterns)
        ours = {name for name in FILES if not ignore.excludes(name)}
        theirs = context_of_the_command()
        assert theirs <= ours if has_exceptions else theirs == ours, patterns


def a_pattern(chance: random.Random, is_exception: bool) -> str:
    parts = "/".join(chance.choice(PARTS) for _ in range(chance.randint(1, 3)))
    return ("!a/" if is_exception else "") + chance.choice(["", "", "", "/"]) + parts + chance.choice(["", "", "/"])
