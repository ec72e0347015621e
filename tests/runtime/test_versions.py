from __future__ import annotations

import base64

import pytest

from runtime import versions
from runtime.errors import Invalid
from runtime.records import SourceFile
from tests.fakes.records import a_version


@pytest.mark.parametrize("number", ["0.0", "0.1", "1.0", "99.99", "10.0"])
def test_version_numbers_that_are_allowed(number: str) -> None:
    versions.check_version(a_version(number=number))


@pytest.mark.parametrize("number", ["", "1", "1.2.3", "100.0", "0.100", "01.0", "1.", "-1.0", "a.b", "1.0\n", "٣.٣"])
def test_version_numbers_that_are_refused(number: str) -> None:
    with pytest.raises(Invalid):
        versions.check_version(a_version(number=number))


@pytest.mark.parametrize("name", ["main.py", ".actor/actor.json", "a/b/c.txt", "a b", "..a", "a..b"])
def test_source_files_inside_the_actors_folder_are_allowed(name: str) -> None:
    versions.check_path(name)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a\\b", "a\0b", ".."])
def test_source_files_that_would_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        versions.check_path(name)


def test_source_is_text_or_base64() -> None:
    binary = base64.b64encode(b"\x00\xff").decode()
    assert versions.source_bytes(SourceFile(name="a", content="grün")) == "grün".encode()
    assert versions.source_bytes(SourceFile(name="a", format="BASE64", content=binary)) == b"\x00\xff"
    for bad in ("###", "YQ", "grün"):
        with pytest.raises(Invalid):
            versions.source_bytes(SourceFile(name="a", format="BASE64", content=bad))


@pytest.mark.parametrize(("size", "fits"), [(versions.MAX_SOURCE_BYTES, True), (versions.MAX_SOURCE_BYTES + 1, False)])
def test_the_source_has_a_limit_for_all_files_together(size: int, fits: bool) -> None:
    half = size // 2
    files = (SourceFile(name="a", content="x" * half), SourceFile(name="b", content="x" * (size - half)))
    if fits:
        versions.check_version(a_version(source_files=files))
    else:
        with pytest.raises(Invalid, match=str(size)):
            versions.check_version(a_version(source_files=files))
