"""Stand-ins for Actors of Apify Store: public Actors of a user who has no token on this server."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cli.actors.folder import ActorFolder, is_actor_name
from runtime.base.usernames import USERNAME_RULE, is_username

DEFAULT_TAG = "latest"
"""The tag of the build that a call without a build runs."""


@dataclass(frozen=True, slots=True)
class StandInName:
    """The full name of the Actor that a stand-in replaces."""

    username: str
    name: str

    def __str__(self) -> str:
        return f"{self.username}/{self.name}"

    def applied_to(self, folder: ActorFolder) -> ActorFolder:
        """Return the source under this name, with the tag that callers of a public Actor expect."""
        remarks = {field: remark for field, remark in folder.remarks.items() if field != "name"}
        return replace(folder, name=self.name, build_tag=DEFAULT_TAG, remarks=remarks)


def parse_stand_in_name(text: str) -> StandInName:
    """Parse `username/name`. Raises ValueError with the reason."""
    username, slash, name = text.partition("/")
    if not slash:
        raise ValueError(f"'{text}' is not the full name of an Actor: use USERNAME/NAME, such as apify/web-scraper")
    if not is_username(username):
        raise ValueError(f"'{username}' is not a valid user name: use {USERNAME_RULE}")
    if not is_actor_name(name):
        raise ValueError(f"'{name}' is not a valid Actor name: use 3 to 63 letters, digits and dashes")
    return StandInName(username, name)
