from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.builds.fingerprints import fingerprint


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a").write_text("text")
    (tmp_path / "link").symlink_to("sub/a")
    return tmp_path


def of(context: Path, dockerfile: str = "FROM a", **given: dict[str, str]) -> str:
    return fingerprint(context, dockerfile, given.get("args", {}), given.get("images", {}), lambda: None)


def test_the_same_gives_the_same_whatever_the_times_of_files_are(context: Path) -> None:
    first = of(context)
    os.utime(context / "sub/a", (0, 0))
    assert of(context) == first


@pytest.mark.parametrize(
    "change",
    [
        lambda context: (context / "sub/a").write_text("Text"),
        lambda context: (context / "sub/a").chmod(0o755),
        lambda context: (context / "sub/a").rename(context / "sub/b"),
        lambda context: (context / "new").touch(),
        lambda context: (context / "folder").mkdir(),
        lambda context: ((context / "link").unlink(), (context / "link").symlink_to("sub")),
        lambda context: ((context / "link").unlink(), (context / "link").write_text("text")),
    ],
)
def test_any_change_of_the_files_changes_it(context: Path, change: Callable[[Path], object]) -> None:
    first = of(context)
    change(context)
    assert of(context) != first


def test_the_dockerfile_the_arguments_and_the_images_count(context: Path) -> None:
    given = [
        of(context),
        of(context, "FROM b"),
        of(context, args={"A": "1"}),
        of(context, args={"A": "2"}),
        of(context, images={"a": "sha256:1"}),
        of(context, images={"a": "sha256:2"}),
    ]
    assert len(set(given)) == len(given)
