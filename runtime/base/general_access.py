"""The values of `generalAccess`. Commands import them too, without the records."""

from __future__ import annotations

from enum import StrEnum


class GeneralAccess(StrEnum):
    """Who may read a storage or a run without its owner's token."""

    FOLLOW_USER_SETTING = "FOLLOW_USER_SETTING"
    RESTRICTED = "RESTRICTED"
    ANYONE_WITH_ID_CAN_READ = "ANYONE_WITH_ID_CAN_READ"
    ANYONE_WITH_NAME_CAN_READ = "ANYONE_WITH_NAME_CAN_READ"
