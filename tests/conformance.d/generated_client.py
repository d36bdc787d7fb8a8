"""Calls every operation of the client that tests/conformance.d/clients has generated.

Usage: generated_client.py FOLDER URL
"""

import importlib
import inspect
import pkgutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = b"<title>Fixture</title><a href=/about>About us</a>"


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def operations() -> list[Any]:
    api = importlib.import_module("client.api")
    modules = pkgutil.walk_packages(api.__path__, "client.api.")
    return [importlib.import_module(module.name) for module in modules if not module.ispkg]


def main(folder: str, url: str) -> None:
    sys.path.insert(0, folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = f"http://127.0.0.1:{server.server_port}/"
    code = importlib.import_module("client.models.code").Code.NOT_HTML
    values = {"url": page, "url_path": page, "url_query": page, "code": code, "body": [page, "ftp://example.com/"]}
    client = importlib.import_module("client").Client(base_url=url)
    called = operations()
    for operation in called:
        parameters = inspect.signature(operation.sync_detailed).parameters
        known = {name: value for name, value in values.items() if name in parameters}
        answer = operation.sync_detailed(client=client, **known)
        if not 200 <= answer.status_code < 300:
            sys.exit(f"{operation.__name__}: {answer}")
    paths = client.get_httpx_client().get("/openapi.json").json()["paths"]
    described = sum(method in ("get", "head", "options", "post") for path in paths.values() for method in path)
    if len(called) != described:
        sys.exit(f"{len(called)} operations of {described} were generated: {[call.__name__ for call in called]}")
    print(f"generated client: {described} operations called")


if __name__ == "__main__":
    main(*sys.argv[1:])
