"""Encrypted fields of inputs. tests/clients proves that both SDKs can decrypt them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from runtime.inputs.encryption import InputCipher, is_encrypted, is_for_schema, new_key, schema_hash

FIELD = {"type": "object", "title": "Login", "description": "d", "editor": "json", "isSecret": True}
SCHEMA = {"properties": {"text": {"type": "string", "isSecret": True}, "login": FIELD, "open": {"type": "string"}}}


@pytest.fixture(scope="module")
def cipher() -> InputCipher:
    return InputCipher(*new_key())


@pytest.mark.parametrize("value", ["x", "ž𝒳\n", "y" * 100_000])
def test_strings_are_encrypted(cipher: InputCipher, value: str) -> None:
    encrypted = cipher.encrypt(SCHEMA, {"text": value})["text"]
    assert is_encrypted(encrypted, "string")
    assert not is_encrypted(encrypted, "object")
    assert cipher.decrypt(encrypted) == value


@pytest.mark.parametrize("value", [{}, {"a": [1, None, "ž"]}, []])
def test_objects_and_arrays_are_encrypted(cipher: InputCipher, value: Any) -> None:
    encrypted = cipher.encrypt(SCHEMA, {"login": value})["login"]
    assert is_encrypted(encrypted, "object")
    assert is_for_schema(encrypted, FIELD)
    assert not is_for_schema(encrypted, {**FIELD, "minProperties": 1})
    assert cipher.decrypt(encrypted) == value


def test_encrypting_a_value_twice_gives_different_results(cipher: InputCipher) -> None:
    assert len({cipher.encrypt(SCHEMA, {"text": "x"})["text"] for _ in range(3)}) == 3


def test_a_string_that_ends_inside_a_surrogate_pair_is_encrypted(cipher: InputCipher) -> None:
    assert cipher.decrypt(cipher.encrypt(SCHEMA, {"text": "x\ud800"})["text"]) == "x?"


def test_other_values_stay_unchanged(cipher: InputCipher) -> None:
    once = cipher.encrypt(SCHEMA, {"text": "x", "open": "y", "login": None})
    assert once["open"] == "y" and once["login"] is None
    assert cipher.encrypt(SCHEMA, once) == once
    assert cipher.encrypt(SCHEMA, {"text": ""}) == {"text": ""}


def test_the_schema_hash_ignores_presentation(cipher: InputCipher) -> None:
    assert schema_hash(FIELD) == schema_hash({"isSecret": True, "type": "object"})
    assert schema_hash(FIELD) != schema_hash({**FIELD, "required": ["a"]})


def test_other_keys_and_changed_values_are_rejected(cipher: InputCipher) -> None:
    encrypted = cipher.encrypt(SCHEMA, {"text": "secret"})["text"]
    for wrong in (encrypted[:-8] + "AAAAAAA=", "ENCRYPTED_VALUE:AAAA:AAAA", "secret"):
        with pytest.raises(ValueError):
            cipher.decrypt(wrong)
    with pytest.raises(ValueError):
        InputCipher(*new_key()).decrypt(encrypted)


def test_fields_that_cannot_be_decrypted_are_skipped(cipher: InputCipher) -> None:
    assert list(cipher.decrypt_fields(b"\xff", ["text"])) == []
    assert list(cipher.decrypt_fields(b"[]", ["text"])) == []
    stored = f'{{"text": "plain", "login": "{cipher.encrypt(SCHEMA, {"text": "x"})["text"]}"}}'
    assert list(cipher.decrypt_fields(stored.encode(), ["text", "login", "none"])) == ["x"]


def test_opening_a_key_is_far_cheaper_than_creating_one() -> None:
    """Every start of an Actor with secret fields opens its key on the event loop."""
    private_key, passphrase = new_key()
    created = min(cpu_secs(new_key) for _ in range(3))
    opened = min(cpu_secs(lambda: InputCipher(private_key, passphrase)) for _ in range(3))
    assert opened * 5 < created


def cpu_secs(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start
