"""Encryption of secret fields in stored inputs, which the SDK in the Actor's container decrypts.

Each value is encrypted with a new AES key, which is encrypted with the RSA key of its user and Actor. The format is
that of the platform: both SDKs read it, and the npm package `@apify/input_secrets` writes it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import string
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from runtime.base.json_text import Json, JsonDict, JsonObject, dumps, loads, loads_object

if TYPE_CHECKING:
    # Functions import it when they need it: most servers have no secrets.
    from cryptography.hazmat.primitives.asymmetric.padding import OAEP

TEXT, JSON = "ENCRYPTED_VALUE", "ENCRYPTED_JSON"
_base64 = r"[-A-Za-z0-9+/]*={0,3}"
ENCRYPTED = re.compile(rf"(?P<kind>{TEXT}|{JSON}):(?:(?P<schema>{_base64}):)?(?P<key>{_base64}):(?P<value>{_base64})")
RSA_BITS = 2048
KEY_LENGTH = 32
NONCE_LENGTH = 16
PRESENTATION_KEYWORDS = frozenset(
    {"title", "description", "sectionCaption", "sectionDescription", "nullable", "example", "prefill", "editor"}
)
"""Keywords of a field's schema that can change without invalidating its encrypted values."""


class InputCipher:
    """Encrypts and decrypts the secret fields of one user's inputs for one Actor."""

    def __init__(self, private_key: str, passphrase: str) -> None:
        """`private_key` is an encrypted PEM. Raises ValueError if the passphrase is wrong."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        # The check of the key would hold the event loop for 50 ms at each start. Greenroom creates the keys itself.
        key = load_pem_private_key(private_key.encode(), passphrase.encode(), unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, RSAPrivateKey)
        self._key = key

    def encrypt(self, schema: JsonObject, input: JsonDict) -> JsonDict:
        """Return the input with its secret fields encrypted. Fields that are encrypted already stay unchanged."""
        fields = {name: field for name, field in secret_fields(schema).items() if _is_plain(input.get(name))}
        return {**input, **{name: self._encrypt_value(input[name], field) for name, field in fields.items()}}

    def decrypt(self, value: str) -> Json:
        """Decrypt the value of one field. Raises ValueError if this key did not encrypt it."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        parts = ENCRYPTED.fullmatch(value)
        if parts is None:
            raise ValueError("The value is not encrypted")
        password = self._key.decrypt(base64.b64decode(parts["key"]), _oaep())
        try:
            aes = AESGCM(password[:KEY_LENGTH])
            plain = aes.decrypt(password[KEY_LENGTH:], base64.b64decode(parts["value"]), None)
        except InvalidTag as problem:
            raise ValueError("The value was changed after it was encrypted") from problem
        return plain.decode() if parts["kind"] == TEXT else loads(plain)

    def decrypt_fields(self, stored: bytes, names: Iterable[str]) -> Iterator[Json]:
        """Yield the values of the named fields of a stored input, without those that this key cannot decrypt.

        The Actor can overwrite the record INPUT, so it may hold anything.
        """
        fields = loads_object(stored)
        for name in names:
            with suppress(ValueError):
                yield self.decrypt(str(fields.get(name)))

    def _encrypt_value(self, value: Json, field: JsonObject) -> str:
        if isinstance(value, str):
            return f"{TEXT}:{self._encrypt_bytes(value.encode(errors='replace'))}"
        return f"{JSON}:{schema_hash(field)}:{self._encrypt_bytes(dumps(value))}"

    def _encrypt_bytes(self, value: bytes) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, nonce = _random_text(KEY_LENGTH), _random_text(NONCE_LENGTH)
        password = self._key.public_key().encrypt(key + nonce, _oaep())
        return f"{_base64_text(password)}:{_base64_text(AESGCM(key).encrypt(nonce, value, None))}"


def new_key() -> tuple[str, str]:
    """Return a new private key as an encrypted PEM, and its passphrase. Slow: call it in a thread."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    passphrase = secrets.token_urlsafe(24)
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    return pem.decode(), passphrase


def secret_fields(schema: JsonObject | None) -> dict[str, JsonObject]:
    """Return the schemas of the fields with `isSecret`, by name."""
    properties = (schema or {}).get("properties")
    fields = properties.items() if isinstance(properties, Mapping) else ()
    return {name: field for name, field in fields if isinstance(field, Mapping) and field.get("isSecret")}


def is_encrypted(value: Json, type: str) -> bool:
    """Return whether the value of a field of this type is already encrypted."""
    parts = ENCRYPTED.fullmatch(value) if isinstance(value, str) else None
    return parts is not None and (parts["kind"] == JSON or type == "string")


def is_for_schema(value: str, field: JsonObject) -> bool:
    """Return whether the encrypted value was validated by the current schema of its field."""
    parts = ENCRYPTED.fullmatch(value)
    return parts is not None and parts["schema"] in (None, "", schema_hash(field))


def schema_hash(field: JsonObject) -> str:
    """Return ten characters that identify the constraints in a field's schema."""
    constraints = json.dumps(_constraints(field), separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(constraints.encode(errors="replace")).hexdigest()[:10]


def texts(value: Json) -> Iterator[str]:
    """Yield all strings inside a decrypted value."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts(item)
        case dict():
            for item in value.values():
                yield from texts(item)


@cache
def _oaep() -> OAEP:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


def _is_plain(value: Json) -> bool:
    if isinstance(value, str):
        return value != "" and ENCRYPTED.fullmatch(value) is None
    return isinstance(value, (dict, list))


def _constraints(schema: Json) -> Json:
    if isinstance(schema, list):
        return [_constraints(item) for item in schema]
    if isinstance(schema, Mapping):
        return {key: _constraints(schema[key]) for key in sorted(schema) if key not in PRESENTATION_KEYWORDS}
    return int(schema) if isinstance(schema, float) and schema.is_integer() else schema


def _random_text(length: int) -> bytes:
    """Return random letters and digits: the SDKs treat keys as text."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length)).encode()


def _base64_text(value: bytes) -> str:
    return base64.b64encode(value).decode()
