"""The command that tells where the funnel leaks: diagnose."""

from __future__ import annotations

import argparse
from functools import partial

from funnelml.cli.arguments import AddCommand, add_as_of, add_funnel, add_json, add_seed, add_workspace
from funnelml.cli.asked import as_of, load
from funnelml.cli.output import print_json, show_progress


def add_commands(add: AddCommand) -> None:
    """Add the command of this file."""
    diagnose = add("diagnose", _diagnose, "Tell where the funnel leaks, what changed, and what to watch.")
    add_workspace(diagnose)
    add_json(diagnose)
    add_funnel(diagnose)
    add_seed(diagnose)
    diagnose.add_argument("--since", metavar="DATE", help="what changed since then; default: four weeks before")
    add_as_of(diagnose)


def _diagnose(arguments: argparse.Namespace) -> None:
    from funnelml.history.dates import parse_date
    from funnelml.runs.diagnose import diagnose
    from funnelml.runs.diagnosis_text import show_diagnosis

    workspace = load(arguments.workspace)
    found = diagnose(
        workspace,
        as_of=as_of(arguments, workspace),
        since=None if arguments.since is None else parse_date(arguments.since, "--since"),
        funnel=arguments.funnel,
        seed=arguments.seed,
        progress=partial(show_progress, what="diagnose", unit="question"),
    )
    language = workspace.settings.language
    if arguments.json:
        print_json(found.to_dict(language))
    else:
        print(show_diagnosis(found, language))
