"""Images of programs that Debian has, for tests: Redis, and Python with scripts."""

import json
import re
import subprocess
from pathlib import Path

from images import DESCRIPTIONS, Entry, Image

ROOT = Path(__file__).resolve().parents[2]


def shared_libraries(program: str) -> list[Entry]:
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return [Entry(path, Path(path)) for path in re.findall(r"(/\S+) \(0x", listed)]


def redis_image(name: str) -> Image:
    """Debian's Redis, with the configuration of the image that users pull."""
    described = json.loads(DESCRIPTIONS.read_text())["redis"]
    programs = ["/usr/bin/redis-server", "/usr/bin/redis-cli"]
    entries = {entry.path: entry for program in programs for entry in shared_libraries(program)}
    entries |= {program: Entry(program, Path(program)) for program in programs}
    return Image(name, described["config"], list(entries.values()))


def python_image(name: str, scripts: list[str]) -> Image:
    """Debian's Python with `scripts` of the repository, in the folder /test."""
    python = "/usr/bin/python3"
    library = Path("/usr/lib") / Path(python).resolve().name
    unwanted = {"__pycache__", "test", "idlelib", "lib2to3", "ensurepip", "tkinter", "dist-packages"}
    entries = [Entry(python, Path(python)), *shared_libraries(python)]
    entries += [
        Entry(str(file), file.resolve())
        for file in library.rglob("*")
        if file.is_file() and not unwanted.intersection(file.parts)
    ]
    entries += [Entry(f"/test/{Path(script).name}", ROOT / script) for script in scripts]
    return Image(name, {"Entrypoint": [python], "Env": ["PYTHONDONTWRITEBYTECODE=1"]}, entries)
