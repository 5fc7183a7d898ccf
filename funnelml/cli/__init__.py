"""The command line: parse, load, call, print; one file for each group of commands, with its parsers.

A file of commands has ``add_commands``, which is called below; a command imports what it needs when it runs, so that
``--help`` loads no library.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from funnelml import __version__
from funnelml.cli import (
    diagnose_command,
    export_command,
    forecast_commands,
    models_command,
    run_command,
    score_command,
    stall_command,
    workspace_commands,
)
from funnelml.errors import FunnelmlError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0, or 1 with one line on stderr for a named error."""
    arguments = build_parser().parse_args(argv)
    try:
        arguments.command(arguments)
        sys.stdout.flush()
    except FunnelmlError as error:
        print(f"funnelml: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader (head, less) has gone; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("funnelml: interrupted", file=sys.stderr)
        return 130
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="funnelml", description="Predictive sales funnels with honest uncertainty.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"funnelml {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(command=run)
        return command

    groups = (
        workspace_commands,
        diagnose_command,
        export_command,
        models_command,
        score_command,
        stall_command,
        forecast_commands,
        run_command,
    )
    for group in groups:
        group.add_commands(add)
    return parser
