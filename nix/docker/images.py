#!/usr/bin/env python3
"""Prints the images of the three programs as an archive for `docker load`: the same bytes from the same files.

Usage: nix/docker/images.py PROGRAMS [IMAGE...] | docker load

PROGRAMS is the folder that nix/docker/static-programs prints; IMAGE is cli, api or web, by default all three. Their
names and configuration are those of images.json, which Nix computes from the same facts as its own images.
"""

import hashlib
import io
import json
import os
import platform
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

DESCRIPTIONS = Path(__file__).with_name("images.json")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
ROOTS = [
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # openSUSE
]


@dataclass
class Entry:
    """A file of an image, or a folder where `source` is missing. `path` is absolute."""

    path: str
    source: Path | None = None
    owner: int = 0


@dataclass
class Image:
    """An image of one layer; `config` is what the image format calls so."""

    name: str
    config: dict[str, Any]
    entries: list[Entry]


def write_archive(images: list[Image], out: BinaryIO) -> None:
    """Writes the archive that `docker load` reads."""
    manifest = []
    with tarfile.open(fileobj=out, mode="w|") as archive:
        for image in images:
            layer = layer_of(image.entries)
            digest = hashlib.sha256(layer).hexdigest()
            config = {
                "architecture": ARCHITECTURES[platform.machine()],
                "os": "linux",
                "created": "1970-01-01T00:00:00Z",
                "config": image.config,
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
            }
            encoded = json.dumps(config, sort_keys=True).encode()
            config_name = f"{hashlib.sha256(encoded).hexdigest()}.json"
            add(archive, tarfile.TarInfo(config_name), encoded)
            add(archive, tarfile.TarInfo(f"{digest}/layer.tar"), layer)
            manifest.append({"Config": config_name, "RepoTags": [image.name], "Layers": [f"{digest}/layer.tar"]})
        add(archive, tarfile.TarInfo("manifest.json"), json.dumps(manifest).encode())


def layer_of(entries: list[Entry]) -> bytes:
    """The files as a layer, with the folders that they are in."""
    folders = {parent: Entry(parent) for entry in entries for parent in parents(entry.path)}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as layer:
        for entry in sorted([*folders.values(), *entries], key=lambda entry: entry.path):
            info = tarfile.TarInfo(entry.path.lstrip("/"))
            info.uid = info.gid = entry.owner
            if entry.source is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                add(layer, info, b"")
            else:
                info.mode = 0o755 if os.access(entry.source, os.X_OK) else 0o644
                add(layer, info, entry.source.read_bytes())
    return out.getvalue()


def parents(path: str) -> Iterator[str]:
    return (str(parent) for parent in Path(path).parents if parent.name)


def add(archive: tarfile.TarFile, info: tarfile.TarInfo, content: bytes) -> None:
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def ours(name: str, programs: Path) -> Image:
    """The image of one of our programs."""
    described = json.loads(DESCRIPTIONS.read_text())[name]
    config = described["config"]
    variables = dict(variable.split("=", 1) for variable in config["Env"])
    entries = [
        Entry(config["Entrypoint"][0], programs / described["program"]),
        Entry(variables["SSL_CERT_FILE"], certificate_roots()),
    ]
    if "folder" in described:
        entries.append(Entry(described["folder"], owner=int(config["User"].split(":")[0])))
    return Image(described["name"], config, entries)


def certificate_roots() -> Path:
    for candidate in [os.environ.get("SSL_CERT_FILE", ""), *ROOTS]:
        if Path(candidate).is_file():
            return Path(candidate)
    sys.exit("nix/docker/images.py: no certificate roots found; SSL_CERT_FILE can name the file")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.stdout.isatty():
        sys.exit(__doc__)
    names = sys.argv[2:] or ["cli", "api", "web"]
    write_archive([ours(name, Path(sys.argv[1])) for name in names], sys.stdout.buffer)
