"""The keys that encrypt secret fields of inputs: one for each user and Actor, created when it is first needed.

An Actor therefore cannot read secrets that were sent to another Actor, and a user cannot read those that another user
sent to the same Actor.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from runtime.base.records import InputKey
from runtime.base.vault import Vault
from runtime.database import AlreadyExists
from runtime.database.user_tables import InputKeysTable
from runtime.inputs.encryption import InputCipher, new_key


class InputKeys:
    """Private keys are encrypted with passphrases, and the vault encrypts the passphrases before they are stored."""

    def __init__(self, table: InputKeysTable, vault: Vault) -> None:
        self._table = table
        self._vault = vault

    def find(self, user_id: str, actor_id: str) -> InputKey | None:
        stored = self._table.get(_id(user_id, actor_id))
        return None if stored is None else replace(stored, passphrase=self._vault.decrypt(stored.passphrase))

    async def cipher(self, user_id: str, actor_id: str) -> InputCipher:
        """Return the cipher of a user and Actor; create its key if there is none."""
        key = self.find(user_id, actor_id) or await self._create(user_id, actor_id)
        return InputCipher(key.private_key, key.passphrase)

    async def delete_of_actor(self, actor_id: str) -> None:
        """Delete the keys of all users for the Actor."""
        await self._table.delete_of_actor(actor_id)

    async def _create(self, user_id: str, actor_id: str) -> InputKey:
        private_key, passphrase = await asyncio.to_thread(new_key)
        key = InputKey(id=_id(user_id, actor_id), actor_id=actor_id, private_key=private_key, passphrase=passphrase)
        try:
            await self._table.insert(replace(key, passphrase=self._vault.encrypt(passphrase)))
        except AlreadyExists:  # a concurrent start of the same Actor created it
            return self.find(user_id, actor_id) or key
        return key


def _id(user_id: str, actor_id: str) -> str:
    return f"{user_id}.{actor_id}"
