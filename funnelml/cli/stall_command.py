"""The command that judges which open records are stuck: stall."""

from __future__ import annotations

import argparse

from funnelml.cli.arguments import AddCommand, add_as_of, add_funnel, add_json, add_seed, add_workspace
from funnelml.cli.asked import as_of, load
from funnelml.cli.output import print_json, say_progress


def add_commands(add: AddCommand) -> None:
    """Add the command of this file."""
    stall = add("stall", _stall, "Tell which open records are slow, stalled or hopeless, why, and what to do next.")
    add_workspace(stall)
    add_json(stall)
    add_funnel(stall)
    add_seed(stall)
    add_as_of(stall)
    stall.add_argument("--reuse", action="store_true", help="judge by the model in use; learn none")
    stall.add_argument("--dry-run", action="store_true", help="keep neither model nor verdicts")


def _stall(arguments: argparse.Namespace) -> None:
    from funnelml.runs.stall.keep import keep_stalls
    from funnelml.runs.stall.stall import choose_funnel, stall_workspace
    from funnelml.runs.stall.stall_text import show_stall
    from funnelml.runs.stall.stored_model import find_stage_model, name_model

    workspace = load(arguments.workspace)
    day, language = as_of(arguments, workspace), workspace.settings.language
    funnel = choose_funnel(workspace, arguments.funnel)
    name = name_model(funnel, workspace.settings.funnels[0].name)
    in_use = find_stage_model(arguments.workspace, name, funnel=funnel, as_of=day, reuse=arguments.reuse)
    run = stall_workspace(
        workspace,
        as_of=day,
        funnel=funnel,
        in_use=in_use,
        reuse=arguments.reuse,
        seed=arguments.seed,
        progress=say_progress("stall"),
    )
    kept = None
    if not arguments.dry_run:
        kept = keep_stalls(run, arguments.workspace, name=name, language=language)
    if arguments.json:
        told = run.to_dict(language)
        if kept is not None:
            told["model"]["model_id"] = kept.model_id
        print_json(told)
        return
    print(show_stall(run, language))
    if kept is not None:
        print(f"\n{kept.summary(language)}")
