"""The web page of the Actor: / for people, /progress for programs."""

from __future__ import annotations

import json
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from crawler.progress import Page, Progress

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Crawler: {state}</title>
<h1>{state}</h1>
<p>{crawled} pages crawled, {failed} failed, after {elapsedSecs} s</p>
<ol reversed>
{rows}
</ol>
</html>
"""


def serve(progress: Progress, port: int) -> None:
    """Serve the progress on all interfaces of the container, in a thread that ends with the process."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            report = progress.report()
            if self.path.partition("?")[0] == "/progress":
                self.answer("application/json", json.dumps(report))
            else:
                self.answer("text/html; charset=utf-8", page(report, progress.recent))

        def answer(self, content_type: str, text: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing, so that the log contains only the crawl."""

    server = ThreadingHTTPServer(("", port), Handler)
    Thread(target=server.serve_forever, name="web page", daemon=True).start()


def page(report: dict[str, object], recent: list[Page]) -> str:
    rows = [f"<li>{escape(str(entry['title']))} <small>{escape(str(entry['url']))}</small>" for entry in recent]
    return PAGE.format(**report, rows="\n".join(rows))
