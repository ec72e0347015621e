"""What the local controls return to the web console about the server, and about the session of its browser."""

from __future__ import annotations

from pydantic import Field

from api.response.local_controls import LocalModel


class SessionUser(LocalModel):
    """The user of a browser's session."""

    id: str
    username: str


class SignIn(LocalModel):
    """Signs a browser in."""

    token: str | None = Field(
        default=None, description="The token of a user. A server without configured users needs none."
    )


class BrowserSession(LocalModel):
    """The session that a browser got as a cookie."""

    user: SessionUser
    is_operator: bool
    expires_at: str = Field(description="An ISO 8601 timestamp.")


class SignInCode(LocalModel):
    """A code that signs one browser in as the operator."""

    code: str
    expires_at: str = Field(description="An ISO 8601 timestamp.")


class ConsoleEngine(LocalModel):
    """The Docker engine, as probed at the start of the server."""

    version: str
    operating_system: str
    disk: str = Field(description="How the disk limit of runs is enforced: `hard`, `polled` or `none`.")
    memory_bytes: int
    cpus: int


class GrantedMemory(LocalModel):
    """The memory of a user's live runs and builds, and how much the user may use at the same time."""

    used_mbytes: int
    limit_mbytes: int


class ConsoleInfo(LocalModel):
    """What every page of the console shows about the server."""

    version: str
    api_url: str
    started_at: str = Field(description="An ISO 8601 timestamp.")
    user: SessionUser | None = Field(description="The caller. Null without a session.")
    has_users: bool = Field(description="Whether the server has configured users, so that a session needs a token.")
    is_operator: bool = Field(description="Whether the caller may use the controls of the operator.")
    engine: ConsoleEngine
    memory: GrantedMemory | None = Field(description="Null without a session.")
    live_runs: int = Field(description="The number of live runs of all users.")
    clock_ahead_secs: float = Field(description="How far `greenroom clock` has advanced the clock of schedules.")
    retention_days: float | None = Field(
        description="After how many days old data of the user is deleted. Null if nothing is, or without a session."
    )
    proxy_url: str | None = Field(description="The address of the proxy. Null without a proxy.")
