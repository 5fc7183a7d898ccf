"""The maps and the tree name the same things.

A map is the block fenced as ``map`` in ARCHITECTURE.md, or in the MAP.md of a room whose map would not fit on that
page: one file or folder a line, folders end in ``/``, two spaces of indent a level, and a short description after at
least a space. Together the maps name everything once; only the folders above a room stand in both.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST = 150  # lines; the map has one for each module


def read_map() -> dict[str, str]:
    entries: dict[str, str] = {}
    for page in (ROOT / "ARCHITECTURE.md", *sorted((ROOT / "funnelml").rglob("MAP.md"))):
        own = read_page(page)
        twice = sorted(path for path in own if path in entries and not path.endswith("/"))
        assert twice == [], f"{page.name} names again what another map has"
        entries |= own
    return entries


def read_page(page: Path) -> dict[str, str]:
    (block,) = re.findall(r"^```map\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    entries: dict[str, str] = {}
    parents: list[str] = []
    for line in block.splitlines():
        ((indent, name, description),) = re.findall(r"^((?:  )*)(\S+)(?: +(.*))?$", line)
        parents[len(indent) // 2 :] = [name]
        assert all(parent.endswith("/") for parent in parents[:-1]), f"'{line}' stands under a file"
        path = "".join(parents)
        assert path not in entries, f"{page.name} names {path} twice"
        entries[path] = description
    return entries


def read_tree() -> set[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [".git", *(line.strip("/") for line in lines if line.endswith("/"))]
    folders = [path.name for path in ROOT.iterdir() if path.is_dir()]
    top = {f"{name}/" for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)}
    modules = {path for path in (ROOT / "funnelml").rglob("*.py") if path.name != "__init__.py"}
    rooms = {path.parent for path in (ROOT / "funnelml").rglob("__init__.py")}
    return (
        top
        | {path.relative_to(ROOT).as_posix() for path in modules}
        | {f"{path.relative_to(ROOT).as_posix()}/" for path in rooms}
    )


def test_the_map_names_every_module_and_folder() -> None:
    missing = sorted(read_tree() - set(read_map()))
    assert missing == [], "add these to the map in ARCHITECTURE.md"


def test_everything_the_map_names_exists() -> None:
    absent = [
        path for path in read_map() if not ((ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file())
    ]
    assert absent == [], "take these out of the map in ARCHITECTURE.md"


def test_every_line_of_the_map_says_what_it_is() -> None:
    assert [path for path, description in read_map().items() if not description] == []


def test_the_page_stays_a_page() -> None:
    lines = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST, "ARCHITECTURE.md is one page: shorten it"
