"""Commands that make a workspace and look at its data: demo, init, check."""

from __future__ import annotations

import argparse
from pathlib import Path

from funnelml.cli.arguments import AddCommand, add_as_of, add_json, add_workspace, names
from funnelml.cli.asked import as_of, load
from funnelml.cli.forecast_commands import backtest_of, forecast_of
from funnelml.cli.output import print_json
from funnelml.cli.run_command import execute


def add_commands(add: AddCommand) -> None:
    """Add the commands of this file."""
    demo = add("demo", _demo, "Make a workspace with sample data in DIR and run the main job on it.")
    demo.add_argument("dir", type=Path, metavar="DIR")
    demo.add_argument("--language", choices=("en", "zh"), default="en", help="language of the sample data")

    init = add("init", _init, "Make a workspace in DIR: from an event log, or from a template to be filled in.")
    init.add_argument("dir", type=Path, metavar="DIR")
    init.add_argument("--event-log", type=Path, metavar="FILE", help="one row per stage change")
    init.add_argument("--case", metavar="COL", help="column with the record's id")
    init.add_argument("--stage", metavar="COL", help="column with the stage")
    init.add_argument("--time", metavar="COL", help="column with the time of the change")
    init.add_argument("--amount", metavar="COL", help="column with the amount")
    init.add_argument("--owner", metavar="COL", help="column with the owner")
    init.add_argument("--recorded", metavar="COL", help="column with the time at which the row was recorded")
    init.add_argument("--won", metavar="A,B", default="", help="stage names that mean won")
    init.add_argument("--lost", metavar="C,D", default="", help="stage names that mean lost")
    init.add_argument("--template", metavar="NAME", help="generic, five-stage, saas or industrial-equipment")
    init.add_argument("--language", choices=("en", "zh"), default="en", help="language of the template")
    init.add_argument("--time-zone", metavar="ZONE", help="IANA zone; guessed from the log's offsets by default")
    init.add_argument("--currency", metavar="CODE", default="", help="reporting currency")

    check = add("check", _check, "Load the workspace and report everything that was found in its data.")
    add_workspace(check)
    add_json(check)
    add_as_of(check)


def _demo(arguments: argparse.Namespace) -> None:
    from funnelml.runs.demo import make_demo
    from funnelml.runs.text import show_backtest, show_check, show_forecast

    day = make_demo(arguments.dir, language=arguments.language)
    told = argparse.Namespace(workspace=arguments.dir, funnel=None, draws=10_000, seed=0, period=None, quota=None)
    told.horizon, told.first, told.last, told.every, told.as_of = (
        "quarter",
        None,
        None,
        "month",
        day.isoformat(),
    )
    workspace = load(arguments.dir)
    print(show_check(workspace, as_of=day), end="\n\n")
    print(show_forecast(*forecast_of(workspace, told)), end="\n\n")
    told.horizon = "28d"
    print(show_backtest(backtest_of(workspace, told)), end="\n\n")
    for notebook in ("funnel_diagnostics", "revenue_forecast"):
        execute(arguments.dir, notebook, {"as_of": day.isoformat()}, None)


def _init(arguments: argparse.Namespace) -> None:
    from funnelml.runs.init import init_from_log, init_from_template

    if arguments.event_log is None:
        told = init_from_template(arguments.dir, template=arguments.template or "generic", language=arguments.language)
    else:
        columns = {"record_id": arguments.case, "stage": arguments.stage, "entered_at": arguments.time}
        optional = {"amount": arguments.amount, "owner": arguments.owner, "recorded_at": arguments.recorded}
        told = init_from_log(
            arguments.dir,
            log=arguments.event_log,
            columns=columns | {k: v for k, v in optional.items() if v is not None},
            won=names(arguments.won),
            lost=names(arguments.lost),
            time_zone=arguments.time_zone,
            currency=arguments.currency,
        )
    print(told)


def _check(arguments: argparse.Namespace) -> None:
    from funnelml.runs.text import show_check

    workspace = load(arguments.workspace)
    if arguments.json:
        print_json(workspace.to_dict())
    else:
        print(show_check(workspace, as_of=as_of(arguments, workspace)))
