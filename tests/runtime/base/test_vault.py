from __future__ import annotations

from pathlib import Path

import pytest

from runtime.base.vault import Vault, WrongKey


@pytest.mark.parametrize("text", ["", "hunter2", "grün 𝒳\n\0", "x" * 100_000])
def test_a_text_is_decrypted_with_the_same_key_file(tmp_path: Path, text: str) -> None:
    vault = Vault(tmp_path / "key")
    vault.store_key()
    encrypted = vault.encrypt(text)
    assert not text or text not in encrypted
    assert Vault(tmp_path / "key").decrypt(encrypted) == text


def test_encryption_is_different_each_time(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "key")
    assert vault.encrypt("hunter2") != vault.encrypt("hunter2")


def test_a_digest_is_the_same_for_the_same_text_and_key(tmp_path: Path) -> None:
    one, other = Vault(tmp_path / "one"), Vault(tmp_path / "other")
    assert one.hmac_digest("hunter2") == one.hmac_digest("hunter2")
    assert len({one.hmac_digest("hunter2"), one.hmac_digest("hunter3"), other.hmac_digest("hunter2")}) == 3


def test_only_the_owner_can_read_the_key_file(tmp_path: Path) -> None:
    Vault(tmp_path / "vault.key").store_key()
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vault.key"]


def test_a_truncated_key_of_an_earlier_attempt_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "vault.tmp").write_text("half a k")
    vault = Vault(tmp_path / "vault.key")
    vault.store_key()
    assert Vault(tmp_path / "vault.key").decrypt(vault.encrypt("x")) == "x"


def test_the_error_for_another_key_gives_advice(tmp_path: Path) -> None:
    encrypted = Vault(tmp_path / "one").encrypt("hunter2")
    with pytest.raises(WrongKey, match=r"other.*Restore.*--data-dir"):
        Vault(tmp_path / "other").decrypt(encrypted)


def test_a_lost_key_file_is_an_error_and_not_replaced(tmp_path: Path) -> None:
    encrypted = Vault(tmp_path / "one").encrypt("hunter2")
    with pytest.raises(WrongKey):
        Vault(tmp_path / "one").decrypt(encrypted)
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("content", ["", "no key", "ü" * 44])
def test_an_invalid_key_file_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    with pytest.raises(WrongKey):
        Vault(tmp_path / "key")


def test_a_check_accepts_only_texts_of_the_same_key(tmp_path: Path) -> None:
    one, other = Vault(tmp_path / "one"), Vault(tmp_path / "other")
    one.check(one.encrypt("hunter2"))
    for encrypted in (other.encrypt("hunter2"), one.encrypt("hunter2")[:-8] + "AAAAAAA=", "", "no token", "ü"):
        with pytest.raises(WrongKey):
            one.check(encrypted)
