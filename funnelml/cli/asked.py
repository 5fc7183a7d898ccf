"""What a command was asked about: the workspace, and the last known day."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from funnelml.cli.clock import last_complete_day

if TYPE_CHECKING:
    from funnelml.runs.workspace import Workspace


def load(root: Path) -> Workspace:
    """Return the workspace of a folder."""
    from funnelml.runs.workspace import load_workspace

    return load_workspace(root)


def as_of(arguments: argparse.Namespace, workspace: Workspace) -> date:
    """Return ``--as-of``, or the last day that is complete in the workspace's time zone."""
    from funnelml.history.dates import parse_date

    if arguments.as_of is not None:
        return parse_date(arguments.as_of)
    return last_complete_day(workspace.settings.time_zone)
