"""The command that executes a notebook: run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from funnelml.cli.arguments import AddCommand, add_workspace
from funnelml.cli.clock import run_stamp
from funnelml.errors import RunError


def add_commands(add: AddCommand) -> None:
    """Add the command of this file."""
    run = add("run", _run, "Execute a notebook into runs/, with its HTML.")
    add_workspace(run)
    run.add_argument("notebook", metavar="NOTEBOOK", help="name (revenue_forecast) or path")
    run.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE")
    run.add_argument("--run-id", metavar="ID", help="folder under runs/; default: notebook and time")


def _run(arguments: argparse.Namespace) -> None:
    parameters: dict[str, object] = {}
    for pair in arguments.parameter:
        name, equals, value = pair.partition("=")
        if not equals:
            raise RunError(f"parameter '{pair}' has no value; write -p name=value")
        parameters[name] = value
    execute(arguments.workspace, arguments.notebook, parameters, arguments.run_id)


def execute(root: Path, notebook: str, parameters: dict[str, object], run_id: str | None) -> None:
    """Execute a notebook of a workspace and print where its results lie."""
    from funnelml.runs.execute import execute_notebook

    done = execute_notebook(
        notebook,
        workspace=root,
        parameters=parameters,
        run_id=run_id or f"{Path(notebook).stem}-{run_stamp()}",
        progress=sys.stderr.isatty(),
    )
    print(done.summary())
