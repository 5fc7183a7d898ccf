"""The command that hands scores over: export."""

from __future__ import annotations

import argparse
from pathlib import Path

from funnelml.cli.arguments import AddCommand, add_json, add_workspace
from funnelml.cli.output import print_json


def add_commands(add: AddCommand) -> None:
    """Add the command of this file."""
    export = add("export", _export, "Write scores to a file for a CRM; without --send, only show what would change.")
    add_workspace(export)
    add_json(export)
    export.add_argument("--to", choices=("csv", "xlsx", "parquet"), required=True, help="format of the file")
    export.add_argument("--score", metavar="NAME", help="name of the scores (lead_score)")
    export.add_argument("--as-of", metavar="DATE", help="day of the scores; default: the latest")
    export.add_argument("--out", type=Path, metavar="FILE", help="default: data/processed/lead_scores and the format")
    export.add_argument("--send", action="store_true", help="write the file")


def _export(arguments: argparse.Namespace) -> None:
    from funnelml.history.dates import parse_date
    from funnelml.runs.scoring.export import export_ledger, show_export
    from funnelml.runs.scoring.ledger import DEFAULT_NAME
    from funnelml.runs.settings import read_settings

    language = read_settings(arguments.workspace).language
    export = export_ledger(
        arguments.workspace,
        ending=f".{arguments.to}",
        name=DEFAULT_NAME if arguments.score is None else arguments.score,
        as_of=None if arguments.as_of is None else parse_date(arguments.as_of),
        out=arguments.out,
        send=arguments.send,
        language=language,
    )
    if arguments.json:
        print_json(export.to_dict(language))
    else:
        print(show_export(export, language))
