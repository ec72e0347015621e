"""Patterns, held beside the docker command's own: it sends a context to an engine of our own making."""

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
    ("patterns", "name", "is_left_out"),
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
    ],
)
def test_which_names_stay_behind(patterns: str, name: str, is_left_out: bool, tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text(patterns)
    assert read(tmp_path).leaves_out(name) is is_left_out


@pytest.mark.parametrize(
    ("patterns", "told"), [("a\n[z-a]", r"'\[z-a\]' can't be matched: .*range"), ("a\xff", "not UTF-8")]
)
def test_a_file_that_is_no_good_is_refused(patterns: str, told: str, tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_bytes(patterns.encode("latin-1"))
    with pytest.raises(Invalid, match=told):
        read(tmp_path)


def test_without_a_file_everything_goes_along(tmp_path: Path) -> None:
    assert not read(tmp_path).leaves_out("a") and not read(tmp_path).takes_back


def test_no_pattern_takes_for_ever() -> None:
    assert not DockerIgnore("*a" * 100 + "b\n" + "**/*a" * 100 + "b").leaves_out("/".join(["a" * 200] * 20))


class Engine(Handler):
    """Takes a context, and refuses to build it."""

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
    """Has the docker command build the folder; tells what of it the command sent."""
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
@pytest.mark.parametrize("takes_back", [False, True])
def test_the_docker_command_sends_the_same(
    tmp_path: Path, context_of_the_command: Callable[[], set[str]], takes_back: bool
) -> None:
    """With `!`, the command of old does not look into folders that stay behind; BuildKit and Greenroom do."""
    made = random.Random(7)
    for _ in range(CASES):
        patterns = "\n".join(a_pattern(made, takes_back and made.random() < 0.3) for _ in range(made.randint(1, 3)))
        (tmp_path / ".dockerignore").write_text(patterns)
        ignore = DockerIgnore(patterns)
        ours = {name for name in FILES if not ignore.leaves_out(name)}
        theirs = context_of_the_command()
        assert theirs <= ours if takes_back else theirs == ours, patterns


def a_pattern(made: random.Random, takes_back: bool) -> str:
    parts = "/".join(made.choice(PARTS) for _ in range(made.randint(1, 3)))
    return ("!a/" if takes_back else "") + made.choice(["", "", "", "/"]) + parts + made.choice(["", "", "/"])
