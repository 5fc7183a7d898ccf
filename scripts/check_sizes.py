"""Hold the file habit: most Python files under 200 lines, none over 400, and no drawers.

Run it in the repository's root; it prints every problem, and exits with 1 if there is one.
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDERS = ("funnelml", "tests", "scripts", "benchmarks")
SHORT = 200
LONGEST = 400
SHARE_OF_SHORT = 0.8
DRAWERS = {"common", "helper", "helpers", "lib", "misc", "shared", "util", "utilities", "utils"}


def find_size_problems(root: Path) -> list[str]:
    """List what breaks the habit in the Python files under ``root``, one line per problem."""
    sizes = {
        path.relative_to(root): len(path.read_text(encoding="utf-8").splitlines())
        for folder in FOLDERS
        for path in sorted((root / folder).rglob("*.py"))
    }
    problems = [f"{path}: {size} lines, over {LONGEST}" for path, size in sizes.items() if size > LONGEST]
    problems += [
        f"{path}: the name is a drawer; name the file after what it does"
        for path in sizes
        if DRAWERS & {part.strip("_") for part in path.with_suffix("").parts}
    ]
    short = sum(size < SHORT for size in sizes.values())
    if short < SHARE_OF_SHORT * len(sizes):
        longest = sorted(sizes, key=lambda path: sizes[path])[::-1][:5]
        problems.append(
            f"only {short} of {len(sizes)} files are under {SHORT} lines, {SHARE_OF_SHORT:.0%} should be; "
            "longest: " + ", ".join(f"{path} ({sizes[path]})" for path in longest)
        )
    return problems


def main() -> int:
    problems = find_size_problems(Path.cwd())
    print("\n".join(problems) or "File sizes and names are fine.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
