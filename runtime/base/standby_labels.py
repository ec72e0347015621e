"""The labels of Standby addresses, which are names in DNS: `<username>--<name>`, or the id of the Actor or task.

Source: the host names `<username>--<name>.apify.actor` of the platform, in which a dash replaces the other characters
of a username, and `<id>.apify.actor`, which Apify's MCP server uses.
"""

from __future__ import annotations

import re

from runtime.base.records import Actor, Task, User

SEPARATOR = "--"
MAX_LABEL_CHARS = 63
"""RFC 1035, section 2.3.4."""
NOT_IN_NAMES = re.compile("[^a-z0-9-]+")


def standby_label(owner: User, record: Actor | Task) -> str:
    """The label of an Actor or task. Its id, if its names are too long."""
    label = f"{name_in_dns(owner.username)}{SEPARATOR}{record.name.lower()}"
    return label if len(label) <= MAX_LABEL_CHARS else record.id.lower()


def name_in_dns(username: str) -> str:
    """A username as a part of a label. Different usernames can have the same one."""
    return NOT_IN_NAMES.sub("-", username.lower()).strip("-")
