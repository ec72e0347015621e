"""Which run or user a password identifies, and which connections each run has open."""

from __future__ import annotations

import hmac
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable

from runtime.proxy.protocol import Account


class Accounts:
    """The valid passwords. They are found by a keyed digest, so the time that a search takes reveals nothing."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._key = secrets.token_bytes(32)
        self._accounts: dict[bytes, Account] = {}
        self._closers: defaultdict[str, set[Callable[[], object]]] = defaultdict(set)
        for each in accounts:
            self.admit(each)

    def admit(self, account: Account) -> None:
        self._accounts[self._digest(account.password)] = account

    def revoke(self, run_id: str) -> None:
        """Make a run's password invalid and close its connections."""
        self._accounts = {digest: each for digest, each in self._accounts.items() if each.run_id != run_id}
        for close in self._closers.pop(run_id, set()):
            close()

    def find(self, password: str) -> Account | None:
        return self._accounts.get(self._digest(password))

    def add_connection(self, account: Account, close: Callable[[], object]) -> int:
        """Register a connection, which `close` closes when the run ends. Returns how many the account has open."""
        owner = account.run_id or account.user_id
        self._closers[owner].add(close)
        return len(self._closers[owner])

    def remove_connection(self, account: Account, close: Callable[[], object]) -> None:
        owner = account.run_id or account.user_id
        if owner in self._closers:
            self._closers[owner].discard(close)
            if not self._closers[owner]:
                del self._closers[owner]

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self._key, password.encode("utf-8", "surrogateescape"), "sha256")
