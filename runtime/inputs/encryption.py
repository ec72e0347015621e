"""Secret fields of inputs: encrypted where they are stored, and readable for the Actor's SDK alone.

A value is encrypted with a new AES key, which is encrypted with the RSA key of its user and Actor. The format is the
platform's own, as both SDKs read it and as npm's `@apify/input_secrets` writes it.
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

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.base.json_text import Json, dumps, loads

Schema = Mapping[str, Json]

TEXT, JSON = "ENCRYPTED_VALUE", "ENCRYPTED_JSON"
_base64 = r"[-A-Za-z0-9+/]*={0,3}"
ENCRYPTED = re.compile(rf"(?P<kind>{TEXT}|{JSON}):(?:(?P<schema>{_base64}):)?(?P<key>{_base64}):(?P<value>{_base64})")
RSA_BITS = 2048
KEY_LENGTH = 32
NONCE_LENGTH = 16
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
FOR_PEOPLE = frozenset(
    {"title", "description", "sectionCaption", "sectionDescription", "nullable", "example", "prefill", "editor"}
)
"""What may change in a field's schema without making its encrypted values worthless."""


class InputCipher:
    """Encrypts and decrypts the secret fields of one user's inputs for one Actor."""

    def __init__(self, private_key: str, passphrase: str) -> None:
        """`private_key` is an encrypted PEM. Raises ValueError where the passphrase does not fit."""
        key = serialization.load_pem_private_key(private_key.encode(), passphrase.encode())
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    def encrypt(self, schema: Schema, input: dict[str, Json]) -> dict[str, Json]:
        """The input with its secret fields encrypted; those that are already stay as they are."""
        fields = {name: field for name, field in secret_fields(schema).items() if _is_plain(input.get(name))}
        return {**input, **{name: self._encrypted(input[name], field) for name, field in fields.items()}}

    def decrypt(self, value: str) -> Json:
        """An encrypted field. Raises ValueError where this key does not fit."""
        parts = ENCRYPTED.fullmatch(value)
        if parts is None:
            raise ValueError("The value is not encrypted")
        password = self._key.decrypt(base64.b64decode(parts["key"]), OAEP)
        try:
            aes = AESGCM(password[:KEY_LENGTH])
            plain = aes.decrypt(password[KEY_LENGTH:], base64.b64decode(parts["value"]), None)
        except InvalidTag as problem:
            raise ValueError("The value was changed after it was encrypted") from problem
        return plain.decode() if parts["kind"] == TEXT else loads(plain)

    def readable(self, input: bytes, names: Iterable[str]) -> Iterator[Json]:
        """What the named fields of a stored input hold, as far as it is that and this key opens them."""
        try:
            stored = loads(input)
        except ValueError:  # the record is the Actor's to rewrite
            return
        for name in names if isinstance(stored, dict) else ():
            with suppress(ValueError):
                yield self.decrypt(str(stored.get(name)))

    def _encrypted(self, value: Json, field: Schema) -> str:
        if isinstance(value, str):
            return f"{TEXT}:{self._sealed(value.encode(errors='replace'))}"
        return f"{JSON}:{schema_hash(field)}:{self._sealed(dumps(value))}"

    def _sealed(self, value: bytes) -> str:
        key, nonce = _random_text(KEY_LENGTH), _random_text(NONCE_LENGTH)
        password = self._key.public_key().encrypt(key + nonce, OAEP)
        return f"{_text(password)}:{_text(AESGCM(key).encrypt(nonce, value, None))}"


def new_key() -> tuple[str, str]:
    """A new private key as an encrypted PEM, and its passphrase. Takes a moment."""
    passphrase = secrets.token_urlsafe(24)
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    return pem.decode(), passphrase


def secret_fields(schema: Schema | None) -> dict[str, Schema]:
    properties = (schema or {}).get("properties")
    fields = properties.items() if isinstance(properties, Mapping) else ()
    return {name: field for name, field in fields if isinstance(field, Mapping) and field.get("isSecret")}


def is_encrypted(value: Json, type: str) -> bool:
    """Whether a value of a field of this type is encrypted already."""
    parts = ENCRYPTED.fullmatch(value) if isinstance(value, str) else None
    return parts is not None and (parts["kind"] == JSON or type == "string")


def is_for_schema(value: str, field: Schema) -> bool:
    """Whether an encrypted value was checked by the schema that the field has now."""
    parts = ENCRYPTED.fullmatch(value)
    return parts is not None and parts["schema"] in (None, "", schema_hash(field))


def schema_hash(field: Schema) -> str:
    """What a field's schema demands, in ten characters."""
    demands = json.dumps(_demands(field), separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(demands.encode(errors="replace")).hexdigest()[:10]


def texts(value: Json) -> Iterator[str]:
    """All texts in a decrypted value: what a log must not show."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts(item)
        case dict():
            for item in value.values():
                yield from texts(item)


def _is_plain(value: Json) -> bool:
    if isinstance(value, str):
        return value != "" and ENCRYPTED.fullmatch(value) is None
    return isinstance(value, (dict, list))


def _demands(schema: Json) -> Json:
    if isinstance(schema, list):
        return [_demands(item) for item in schema]
    if isinstance(schema, Mapping):
        return {key: _demands(schema[key]) for key in sorted(schema) if key not in FOR_PEOPLE}
    return int(schema) if isinstance(schema, float) and schema.is_integer() else schema


def _random_text(length: int) -> bytes:
    """Letters and digits: the SDKs take a key for text."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length)).encode()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
