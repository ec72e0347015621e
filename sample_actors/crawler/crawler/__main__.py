"""Start with what is quick: a line in the log and the web page. The libraries take their time after that."""

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
