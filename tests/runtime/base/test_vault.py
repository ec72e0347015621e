from __future__ import annotations

from pathlib import Path

import pytest

from runtime.base.vault import Vault, WrongKey


@pytest.mark.parametrize("text", ["", "hunter2", "grün 𝒳\n\0", "x" * 100_000])
def test_what_is_sealed_is_opened_with_the_same_key_file(tmp_path: Path, text: str) -> None:
    vault = Vault(tmp_path / "key")
    vault.keep()
    sealed = vault.seal(text)
    assert not text or text not in sealed
    assert Vault(tmp_path / "key").open(sealed) == text


def test_the_same_text_never_looks_the_same_twice(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "key")
    assert vault.seal("hunter2") != vault.seal("hunter2")


def test_a_mark_is_the_same_for_the_same_text_and_key(tmp_path: Path) -> None:
    one, other = Vault(tmp_path / "one"), Vault(tmp_path / "other")
    assert one.hmac_digest("hunter2") == one.hmac_digest("hunter2")
    assert len({one.hmac_digest("hunter2"), one.hmac_digest("hunter3"), other.hmac_digest("hunter2")}) == 3


def test_the_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    Vault(tmp_path / "vault.key").keep()
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vault.key"]


def test_a_key_that_was_cut_off_as_it_was_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "vault.tmp").write_text("half a k")
    vault = Vault(tmp_path / "vault.key")
    vault.keep()
    assert Vault(tmp_path / "vault.key").open(vault.seal("x")) == "x"


def test_another_key_opens_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "one").seal("hunter2")
    with pytest.raises(WrongKey, match=r"other.*put back.*--data-dir"):
        Vault(tmp_path / "other").open(sealed)


def test_a_key_file_that_is_lost_is_told_and_not_replaced(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "one").seal("hunter2")
    with pytest.raises(WrongKey):
        Vault(tmp_path / "one").open(sealed)
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("content", ["", "no key", "ü" * 44])
def test_a_file_that_is_no_key_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    with pytest.raises(WrongKey):
        Vault(tmp_path / "key")
