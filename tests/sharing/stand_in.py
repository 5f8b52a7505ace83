"""A local stand-in of the hub's API: as much of it as creating a repository and committing files needs."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hub:
    """What was asked of it.

    Attributes:
        created: Bodies of the requests to create a repository.
        files: (repository, name) -> content that was committed.
        refuse: Whether commits are refused.
    """

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.files: dict[tuple[str, str], bytes] = {}
        self.refuse = False

    def answer(self, path: str, body: bytes, host: str) -> tuple[int, dict[str, Any]]:
        if path == "/api/repos/create":
            asked = json.loads(body)
            self.created.append(asked)
            owner = asked.get("organization") or "me"
            kind = "datasets/" if asked.get("type") == "dataset" else ""
            return 200, {"url": f"{host}/{kind}{owner}/{asked['name']}"}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if "/preupload/" in path:
            names = [entry["path"] for entry in json.loads(body)["files"]]
            entries = [
                {"path": name, "uploadMode": "regular", "shouldIgnore": False, "oid": None} for name in names
            ]
            return 200, {"files": entries}
        if "/commit/" in path:
            if self.refuse:
                return 403, {"error": "you may not write here"}
            repo = path.split("/commit/")[0].split("/", 3)[3]
            for line in body.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    self.files[repo, entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            return 200, {"commitUrl": f"{host}/{repo}/commit/1", "commitOid": "1" * 40, "success": True}
        return 404, {"error": f"the stand-in does not know {path}"}


@contextmanager
def running(hub: Hub) -> Iterator[str]:
    """Serve it on this machine; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else self._chunks()
            status, value = hub.answer(self.path, body, address)
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(content)

        def _chunks(self) -> bytes:
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            return b"".join(parts)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
