"""Arguments that several commands share, and how their texts are read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]
"""Adds a command by its name, what runs it, and its line of help; returns its parser."""


def add_workspace(command: argparse.ArgumentParser) -> None:
    """Add ``--workspace``."""
    command.add_argument("--workspace", type=Path, default=Path(), metavar="DIR", help="default: this folder")


def add_json(command: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    command.add_argument("--json", action="store_true", help="print one JSON object")


def add_funnel(command: argparse.ArgumentParser) -> None:
    """Add ``--funnel``."""
    command.add_argument("--funnel", metavar="NAME", help="default: the first of the workspace")


def add_seed(command: argparse.ArgumentParser) -> None:
    """Add ``--seed``."""
    command.add_argument("--seed", type=count, default=0, metavar="N", help="seed of draws (0)")


def add_as_of(command: argparse.ArgumentParser) -> None:
    """Add ``--as-of``."""
    command.add_argument("--as-of", metavar="DATE", help="last known day; default: yesterday")


def names(text: str) -> tuple[str, ...]:
    """Return the names of a list with commas of either width."""
    return tuple(name.strip() for name in text.replace("，", ",").split(",") if name.strip())


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def count(text: str) -> int:
    """Return a whole number of at least 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value
