from __future__ import annotations

from datetime import timedelta

import pytest
from apify_client._utils.crypto import create_hmac_signature, create_storage_content_signature

from runtime.access.signatures import Signer
from tests.fakes.clock import START

SIGNER = Signer("instance key")


def test_signatures_are_those_of_the_client() -> None:
    expected = create_storage_content_signature("d1", SIGNER.key("d1"))
    assert SIGNER.sign("d1", 0) == expected.rstrip("=")
    assert SIGNER.sign_record("s1", "a key") == create_hmac_signature(SIGNER.key("s1"), "a key")


def test_a_signature_is_valid_with_and_without_padding_until_it_expires() -> None:
    soon = create_storage_content_signature("d1", SIGNER.key("d1"), expires_in=timedelta(days=365 * 50))
    for signature in (soon, soon.rstrip("="), SIGNER.sign("d1", 0), SIGNER.sign("d1", START)):
        assert SIGNER.is_valid("d1", signature, START)
    assert not SIGNER.is_valid("d1", SIGNER.sign("d1", START - 1), START)


@pytest.mark.parametrize(
    "signature", ["", "x", "MC4w", SIGNER.sign("d2", 0), Signer("other").sign("d1", 0), "žluť", "é=="]
)
def test_any_other_signature_is_invalid(signature: str) -> None:
    assert not SIGNER.is_valid("d1", signature, START)
    assert not SIGNER.is_valid_for_record("d1", "key", signature)


def test_each_record_has_its_own_signature() -> None:
    signature = SIGNER.sign_record("s1", "key")
    assert SIGNER.is_valid_for_record("s1", "key", signature)
    assert not SIGNER.is_valid_for_record("s1", "key2", signature)
    assert not SIGNER.is_valid_for_record("s2", "key", signature)
    assert SIGNER.key("s1") != SIGNER.key("s2")
