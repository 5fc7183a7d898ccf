"""The command that scores open records, or the leads of a plain table: score."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from funnelml.cli.arguments import AddCommand, add_as_of, add_funnel, add_json, add_seed, add_workspace, names
from funnelml.cli.asked import as_of, load
from funnelml.cli.clock import this_day
from funnelml.cli.output import print_json, show_progress


def add_commands(add: AddCommand) -> None:
    """Add the command of this file."""
    score = add("score", _score, "Score open records, with grades, reasons, and how far the scores can be trusted.")
    add_workspace(score)
    add_json(score)
    add_funnel(score)
    add_seed(score)
    add_as_of(score)
    score.add_argument("--score", metavar="NAME", default="lead_score", help="name of the scores (lead_score)")
    score.add_argument("--dry-run", action="store_true", help="keep neither model nor scores")
    table = score.add_argument_group("a plain table, one row a lead, without a workspace")
    table.add_argument(
        "--table", type=Path, metavar="FILE", help="CSV, Excel or Parquet; rows without a label are scored"
    )
    table.add_argument("--label", metavar="COL", help="column with the outcome")
    table.add_argument("--positive", metavar="VALUE", help="value of the label that counts, if it is not plain")
    table.add_argument("--record-id", metavar="COL", help="column with the lead's id")
    table.add_argument("--keep", metavar="A,B", default="", help="columns that stay although they look like leaks")
    table.add_argument("--out", type=Path, metavar="FILE", help="write the scores there (.csv, .xlsx, .parquet)")


def _score(arguments: argparse.Namespace) -> None:
    if arguments.table is not None:
        _score_table(arguments)
        return
    from funnelml.runs.scoring.keep import find_champion, keep_run, past_scores
    from funnelml.runs.scoring.score import describe_outcome, score_workspace
    from funnelml.runs.scoring.score_text import show_score

    workspace, name = load(arguments.workspace), arguments.score
    day, language = as_of(arguments, workspace), workspace.settings.language
    funnel, outcome = describe_outcome(workspace, arguments.funnel)
    champion, why_not = find_champion(arguments.workspace, name, funnel=funnel, outcome=outcome)
    run = score_workspace(
        workspace,
        as_of=day,
        funnel=funnel,
        champion=champion,
        why_no_champion=why_not,
        told=past_scores(arguments.workspace, name, day),
        seed=arguments.seed,
        progress=partial(show_progress, what="score", unit="step"),
    )
    kept = None
    if not arguments.dry_run:
        made_on = this_day(workspace.settings.time_zone)
        kept = keep_run(run, arguments.workspace, name=name, language=language, made_on=made_on)
    if arguments.json:
        told = run.to_dict(language)
        print_json(told | {"model_id": run.model_id if kept is None else kept.model_id})
        return
    print(show_score(run, language))
    if kept is not None:
        print(f"\n{kept.summary(language)}")


def _score_table(arguments: argparse.Namespace) -> None:
    from funnelml.io.score_files import check_ending
    from funnelml.runs.scoring.table import score_table
    from funnelml.runs.scoring.table_export import write_table_scores
    from funnelml.runs.scoring.table_text import show_table_run

    if arguments.out is not None:
        check_ending(arguments.out)
    run = score_table(
        arguments.table,
        label=arguments.label,
        positive=arguments.positive,
        record_id=arguments.record_id,
        keep=names(arguments.keep),
        seed=arguments.seed,
    )
    if arguments.json:
        print_json(run.to_dict())
    else:
        print(show_table_run(run))
    if arguments.out is not None:
        told = write_table_scores(run, arguments.out)
        print(f"\n{told}" if not arguments.json else told, file=sys.stderr if arguments.json else sys.stdout)
