"""The page server of the stack's test: every path is a page with two links. /slow takes five seconds."""

import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"""<!doctype html><meta charset="utf-8"><title>Pages</title>
<a href="/about">About us</a>
<a href="https://example.org/"><img src="logo.png" alt=""></a>
"""


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        print(f"GET {self.path}", flush=True)
        if self.path.startswith("/slow"):
            time.sleep(5)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer(("", 80), Pages).serve_forever()
