#!/usr/bin/env python3
"""The smallest API that the web page can use: the tutorial's, with Python's standard library.

Usage: minimal.py [PORT]     5000 by default; 0 chooses one. Prints the address that it listens on.
"""

import json
import sys
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Links(HTMLParser):
    """Collects the `a` elements that have an `href`."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.links: list[dict[str, str]] = []
        self.open = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        href = dict(attributes).get("href")
        if tag == "a":
            self.open = href is not None
            if href is not None:
                self.links.append({"text": "", "href": urllib.parse.urljoin(self.base, href)})

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            self.links[-1]["text"] += data


def extract_links(url: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(url, timeout=10) as response:
        parser = Links(response.url)
        parser.feed(response.read().decode("utf-8", "replace"))
    parser.close()
    return [{**link, "text": " ".join(link["text"].split()) or "[IMG]"} for link in parser.links]


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, question_mark, query = self.path.partition("?")
        if path == "/":
            self.answer(200, "text/plain", "Usage: http://<hostname>[:<prt>]/api/<url>")
        elif path.startswith("/api/"):
            url = urllib.parse.unquote(path.removeprefix("/api/")) + question_mark + query
            try:
                self.answer(200, "application/json", json.dumps(extract_links(url)))
            except (OSError, ValueError):
                self.answer(500, "text/plain", "Internal Server Error")
        else:
            self.answer(404, "text/plain", "Not Found")

    def answer(self, status: int, media_type: str, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", int(sys.argv[1]) if len(sys.argv) > 1 else 5000), Api)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
