"""Objects that are encoded as text and signed for a user: anyone can read them, but only this instance can sign them.

The text is the base64 of a JSON object with a payload and a signature, as on the platform (its API reference, "Encode
and sign object"). The payload is the JSON of the object, with the id of the user who signed it.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from typing import Any

import msgspec

from runtime.base.errors import Invalid
from runtime.base.json_text import JsonDict, dumps

PURPOSE = b"encode-and-sign"
"""Derives a key of its own from the instance's key, so that a signature cannot serve as one of a storage."""


class _Envelope(msgspec.Struct):
    payload: str
    signature: str


class _Payload(msgspec.Struct):
    user_id: str
    object: dict[str, Any]


class SignedObjects:
    """Encodes, signs and verifies objects with a key that is derived from the instance's key."""

    def __init__(self, instance_key: str) -> None:
        self._key = hmac.digest(instance_key.encode(), PURPOSE, hashlib.sha256)

    def encode(self, user_id: str, object: JsonDict) -> str:
        payload = dumps({"user_id": user_id, "object": object}).decode()
        return b64encode(dumps({"payload": payload, "signature": self._signature(payload)})).decode()

    def decode(self, encoded: str) -> tuple[str, JsonDict]:
        """The id of the user who signed the object, and the object. Raises Invalid, also for an altered text."""
        try:
            envelope = msgspec.json.decode(b64decode(encoded, validate=True), type=_Envelope)
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            message = "'encoded' is not a text that encode-and-sign has returned"
            raise Invalid("invalid-value", message) from None
        if not hmac.compare_digest(envelope.signature.encode(), self._signature(envelope.payload).encode()):
            message = "The signature is not valid: the text was altered, or another server has signed it"
            raise Invalid("invalid-signature", message)
        payload = msgspec.json.decode(envelope.payload, type=_Payload)
        return payload.user_id, payload.object

    def _signature(self, payload: str) -> str:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).hexdigest()
