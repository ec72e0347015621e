"""Encrypted fields of inputs. That both SDKs read them is tested with the SDKs."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.inputs.encryption import InputCipher, is_encrypted, is_for_schema, new_key, schema_hash

FIELD = {"type": "object", "title": "Login", "description": "d", "editor": "json", "isSecret": True}
SCHEMA = {"properties": {"text": {"type": "string", "isSecret": True}, "login": FIELD, "open": {"type": "string"}}}


@pytest.fixture(scope="module")
def cipher() -> InputCipher:
    return InputCipher(*new_key())


@pytest.mark.parametrize("value", ["x", "ž𝒳\n", "y" * 100_000])
def test_texts(cipher: InputCipher, value: str) -> None:
    encrypted = cipher.encrypt(SCHEMA, {"text": value})["text"]
    assert is_encrypted(encrypted, "string")
    assert not is_encrypted(encrypted, "object")
    assert cipher.decrypt(encrypted) == value


@pytest.mark.parametrize("value", [{}, {"a": [1, None, "ž"]}, []])
def test_objects(cipher: InputCipher, value: Any) -> None:
    encrypted = cipher.encrypt(SCHEMA, {"login": value})["login"]
    assert is_encrypted(encrypted, "object")
    assert is_for_schema(encrypted, FIELD)
    assert not is_for_schema(encrypted, {**FIELD, "minProperties": 1})
    assert cipher.decrypt(encrypted) == value


def test_a_value_is_never_encrypted_the_same_way_twice(cipher: InputCipher) -> None:
    assert len({cipher.encrypt(SCHEMA, {"text": "x"})["text"] for _ in range(3)}) == 3


def test_a_text_cut_within_a_character(cipher: InputCipher) -> None:
    assert cipher.decrypt(cipher.encrypt(SCHEMA, {"text": "x\ud800"})["text"]) == "x?"


def test_what_needs_no_encryption_stays(cipher: InputCipher) -> None:
    once = cipher.encrypt(SCHEMA, {"text": "x", "open": "y", "login": None})
    assert once["open"] == "y" and once["login"] is None
    assert cipher.encrypt(SCHEMA, once) == once
    assert cipher.encrypt(SCHEMA, {"text": ""}) == {"text": ""}


def test_what_is_for_people_does_not_count(cipher: InputCipher) -> None:
    assert schema_hash(FIELD) == schema_hash({"isSecret": True, "type": "object"})
    assert schema_hash(FIELD) != schema_hash({**FIELD, "required": ["a"]})


def test_nobody_else_reads_it_and_nobody_changes_it(cipher: InputCipher) -> None:
    encrypted = cipher.encrypt(SCHEMA, {"text": "secret"})["text"]
    for wrong in (encrypted[:-8] + "AAAAAAA=", "ENCRYPTED_VALUE:AAAA:AAAA", "secret"):
        with pytest.raises(ValueError):
            cipher.decrypt(wrong)
    with pytest.raises(ValueError):
        InputCipher(*new_key()).decrypt(encrypted)


def test_only_what_can_be_read_is_read(cipher: InputCipher) -> None:
    assert list(cipher.readable(b"\xff", ["text"])) == []
    assert list(cipher.readable(b"[]", ["text"])) == []
    stored = f'{{"text": "plain", "login": "{cipher.encrypt(SCHEMA, {"text": "x"})["text"]}"}}'
    assert list(cipher.readable(stored.encode(), ["text", "login", "none"])) == ["x"]
