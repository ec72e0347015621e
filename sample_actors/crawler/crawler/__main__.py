"""Print a log line and start the web page first. Importing the libraries is slow on little CPU."""

from __future__ import annotations

import os

from crawler.progress import Progress


def start() -> None:
    print("Crawler Actor is awake", flush=True)
    from crawler.web_page import serve

    progress = Progress()
    serve(progress, int(os.environ["ACTOR_WEB_SERVER_PORT"]))

    import asyncio

    from crawler.main import main

    asyncio.run(main(progress))


start()
