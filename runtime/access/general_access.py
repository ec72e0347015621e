"""The general access that applies to a storage or run: its own, its run's, or the setting of its user's account.

Source: "General resource access" in the platform's documentation. An account is open by default: everybody who knows an
id can read. The default storages of a run follow the run.
"""

from __future__ import annotations

from collections.abc import Mapping

from runtime.base.general_access import GeneralAccess
from runtime.base.records import Run, Storage
from runtime.database import Database

FOLLOW = GeneralAccess.FOLLOW_USER_SETTING
OPEN = GeneralAccess.ANYONE_WITH_ID_CAN_READ


class GeneralAccesses:
    """Resolves FOLLOW_USER_SETTING. `settings` are those of accounts by username; None stands for all other users."""

    def __init__(self, database: Database, settings: Mapping[str | None, GeneralAccess]) -> None:
        self._database = database
        self._settings = settings

    def of_storage(self, storage: Storage) -> GeneralAccess:
        if storage.general_access is not FOLLOW:
            return storage.general_access
        run = None if storage.run_id is None else self._database.runs.get(storage.run_id)
        return self._of_account(storage.user_id) if run is None else self.of_run(run)

    def of_run(self, run: Run) -> GeneralAccess:
        return self._of_account(run.user_id) if run.general_access is FOLLOW else run.general_access

    def _of_account(self, user_id: str) -> GeneralAccess:
        if not self._settings:
            return OPEN
        user = self._database.users.get(user_id)
        by_default = self._settings.get(None, OPEN)
        return by_default if user is None else self._settings.get(user.username, by_default)
