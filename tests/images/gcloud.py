"""Google's own command line, with nobody behind it but a server of ours that notes what it asks."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Sent:
    """A service that was to be put in place, and the address that it was sent to."""

    address: str
    service: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CloudRun:
    """What stands in for Cloud Run: it has nothing, and takes each service that it is sent."""

    folder: Path
    port: int
    services: list[Sent] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which gcloud asks this and nobody else, without any login."""
        token = self.folder / "token"
        token.write_text("none", encoding="utf-8")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CLOUDSDK_CONFIG": str(self.folder / "config"),
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            # Without TLS, so that every request comes here, whatever the host is called.
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN": "http://run.invalid/",
            "CLOUDSDK_PROXY_TYPE": "http",
            "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
            "CLOUDSDK_PROXY_PORT": str(self.port),
        }


def find() -> str | None:
    """Return the path of gcloud, if it is on this machine."""
    return shutil.which("gcloud")


@contextmanager
def cloud_run(folder: Path) -> Iterator[CloudRun]:
    """Serve on a free port."""
    services: list[Sent] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with the last service that came, if any did."""
            if services:
                self._answer(200, _ready(services[-1].service))
            else:
                self._answer(404, {"error": {"code": 404, "message": "not found"}})

        def do_POST(self) -> None:
            """Take a service."""
            text = self.rfile.read(int(self.headers["Content-Length"]))
            services.append(Sent(self.path, json.loads(text)))
            self._answer(200, json.loads(text))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield CloudRun(folder, server.server_port, services)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _ready(service: dict[str, Any]) -> dict[str, Any]:
    """Return a service as Cloud Run tells of it once it is up."""
    kinds = ("Ready", "ConfigurationsReady", "RoutesReady")
    status = {
        "conditions": [{"type": kind, "status": "True"} for kind in kinds],
        "observedGeneration": 1,
        "latestReadyRevisionName": "first",
        "latestCreatedRevisionName": "first",
        "url": "https://fruit.example",
        "traffic": [{"revisionName": "first", "percent": 100, "latestRevision": True}],
    }
    return {**service, "metadata": {**service["metadata"], "generation": 1}, "status": status}
