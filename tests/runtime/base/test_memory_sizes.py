from __future__ import annotations

import pytest

from runtime.base.memory_sizes import parse_memory


@pytest.mark.parametrize(
    ("text", "mbytes"),
    [
        *(("128", 128), ("512m", 512), ("512MB", 512), ("512 mb", 512), ("512MiB", 512)),
        *(("4g", 4096), ("4GB", 4096), ("0.5g", 512), ("32g", 32_768), ("32768", 32_768), ("1000", 1000)),
    ],
)
def test_memory_is_megabytes_or_has_a_unit(text: str, mbytes: int) -> None:
    assert parse_memory(text) == mbytes


@pytest.mark.parametrize("text", ["", "g", "4t", "4kb", "-1", "1e3", "four", "4g4", "٤g", "0x80", "nan"])
def test_other_text_is_not_a_memory_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a memory size"):
        parse_memory(text)


@pytest.mark.parametrize("text", ["0", "127", "40000", "33g", "0.1g", "128.5", "9" * 400])
def test_the_error_for_an_impossible_size_names_both_bounds(text: str) -> None:
    with pytest.raises(ValueError, match=r"from 128 \(128m\) to 32768 \(32g\)"):
        parse_memory(text)
