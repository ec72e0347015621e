"""The keys that secret fields of inputs are encrypted with: one for each user and Actor, made when it is first needed.

So no Actor can read what was meant for another, nor a user what another one passed to the same Actor.
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
    """The private keys are encrypted with passphrases, and these are stored sealed."""

    def __init__(self, table: InputKeysTable, vault: Vault) -> None:
        self._table = table
        self._vault = vault

    def find(self, user_id: str, actor_id: str) -> InputKey | None:
        sealed = self._table.get(_id(user_id, actor_id))
        return None if sealed is None else replace(sealed, passphrase=self._vault.open(sealed.passphrase))

    async def cipher(self, user_id: str, actor_id: str) -> InputCipher:
        key = self.find(user_id, actor_id) or await self._make(user_id, actor_id)
        return InputCipher(key.private_key, key.passphrase)

    async def forget_actor(self, actor_id: str) -> None:
        await self._table.delete_of_actor(actor_id)

    async def _make(self, user_id: str, actor_id: str) -> InputKey:
        private_key, passphrase = await asyncio.to_thread(new_key)
        made = InputKey(id=_id(user_id, actor_id), actor_id=actor_id, private_key=private_key, passphrase=passphrase)
        try:
            await self._table.insert(replace(made, passphrase=self._vault.seal(passphrase)))
        except AlreadyExists:  # another run of the same Actor was started meanwhile
            return self.find(user_id, actor_id) or made
        return made


def _id(user_id: str, actor_id: str) -> str:
    return f"{user_id}.{actor_id}"
