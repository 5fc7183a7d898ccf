"""What a command prints: JSON on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def print_json(told: dict[str, Any]) -> None:
    """Print one JSON object."""
    print(json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False))


def show_progress(items: Any, *, what: str, unit: str) -> Any:
    """Return the items, with a bar on stderr while they are taken."""
    from tqdm import tqdm

    # Silent for two seconds, and altogether where stderr is no terminal.
    return tqdm(items, desc=what, unit=unit, delay=2, disable=None, file=sys.stderr)


def say_progress(what: str) -> Callable[[str], None]:
    """Return what tells on stderr what is done next; it is silent where stderr is no terminal."""

    def tell(step: str) -> None:
        if sys.stderr.isatty():
            print(f"{what}: {step}", file=sys.stderr)

    return tell
