"""Reads an input with secrets, and shows what the Actor sees and what everybody else sees."""

from __future__ import annotations

import asyncio
import hashlib
import json

from apify import Actor


async def main() -> None:
    async with Actor:
        given = await Actor.get_input()
        stored = await Actor.get_value("INPUT")
        print(f"Logging in as {given['user']} with the password {given['password']}", flush=True)
        await Actor.set_value(
            "OUTPUT",
            {
                "session": session(given["user"], given["password"], given.get("headers")),
                "retries": given["retries"],
                "client": given["client"],
                "stored": {name: str(stored.get(name)).partition(":")[0] for name in ("password", "headers")},
            },
        )


def session(user: str, password: str, headers: object) -> str:
    """Return what a site would return: it depends on all secrets, but does not reveal them."""
    known = json.dumps([user, password, headers], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:16]


if __name__ == "__main__":
    asyncio.run(main())
