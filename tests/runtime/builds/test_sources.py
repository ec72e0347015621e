from __future__ import annotations

from pathlib import Path

from runtime.builds.sources import write_source
from runtime.records import SourceFile
from tests.fakes.records import a_version


def test_a_version_is_laid_out_as_files_and_folders(tmp_path: Path) -> None:
    files = (
        SourceFile(name="empty/folder", folder=True),
        SourceFile(name="a/b.txt", content="grün"),
        SourceFile(name="raw.bin", format="BASE64", content="AP8="),
    )
    write_source(a_version(source_files=files), tmp_path, lambda: None)
    assert (tmp_path / "empty/folder").is_dir()
    assert (tmp_path / "a/b.txt").read_text() == "grün"
    assert (tmp_path / "raw.bin").read_bytes() == b"\x00\xff"
