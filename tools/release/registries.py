"""npm and crates.io: publishes what they lack; and a registry of npm on this machine, for what is not published yet."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from packages import run

from release import project
from release.project import CRATES


def published(folder: Path) -> dict[str, tuple[dict[str, object], Path]]:
    """The manifest of each tarball, by the package's name."""
    found = {}
    for path in sorted(folder.glob("*.tgz")):
        with tarfile.open(path) as files:
            member = files.extractfile("package/package.json")
            if member is None:
                message = f"{path.name} has no package.json"
                raise ValueError(message)
            manifest = json.load(member)
        found[manifest["name"]] = (manifest, path)
    return found


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serves a folder's packages, one version of each; gives the registry's URL."""
    packages = published(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = unquote(self.path).strip("/")
            if name in packages:
                self.answer(json.dumps(document(name)).encode(), "application/json")
            elif name.endswith(".tgz") and (folder / Path(name).name).exists():
                self.answer((folder / Path(name).name).read_bytes(), "application/octet-stream")
            else:
                self.send_error(404)

        def answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    def document(name: str) -> dict[str, object]:
        manifest, path = packages[name]
        digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
        dist = {"tarball": f"{url}/{path.name}", "integrity": f"sha512-{digest}"}
        version = str(manifest["version"])
        return {
            "name": name,
            "dist-tags": {"latest": version},
            "versions": {version: manifest | {"dist": dist}},
        }

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def publish_npm(folder: Path) -> None:
    """Publishes the platforms' packages, and then the one that depends on them."""
    packages = published(folder)
    for name in sorted(packages, key=lambda each: each == "netgiro"):
        manifest, path = packages[name]
        version = str(manifest["version"])
        if exists("npm", "view", f"{name}@{version}", "version"):
            print(f"{name} {version} is published already")
            continue
        # A version such as 1.0.0-rc.1 is for those who ask for it.
        channel = "next" if "-" in version else "latest"
        run("npm", "publish", path, "--access", "public", "--provenance", "--tag", channel)


def publish_crates(root: Path) -> None:
    """Publishes the crates, each after those that it depends on."""
    number = project.version(root)
    for name in CRATES:
        if exists("cargo", "info", "--registry", "crates-io", f"{name}@{number}"):
            print(f"{name} {number} is published already")
            continue
        run("cargo", "publish", "--locked", "--allow-dirty", "--package", name, cwd=root)


def exists(*command: str) -> bool:
    """Whether a registry knows a version: it prints it."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode == 0 and bool(done.stdout.strip())
