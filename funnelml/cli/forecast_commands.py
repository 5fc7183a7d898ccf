"""Commands that forecast bookings and score past forecasts: forecast, backtest."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from funnelml.cli.arguments import AddCommand, add_as_of, add_funnel, add_json, add_seed, add_workspace, positive
from funnelml.cli.asked import as_of, load
from funnelml.cli.output import print_json, show_progress

if TYPE_CHECKING:
    from funnelml.runs.workspace import Workspace


def add_commands(add: AddCommand) -> None:
    """Add the commands of this file."""
    forecast = add("forecast", _forecast, "Forecast the bookings of the open pipeline, with intervals.")
    backtest = add("backtest", _backtest, "Forecast from past dates and score against what happened.")
    for command in (forecast, backtest):
        add_workspace(command)
        add_json(command)
        add_funnel(command)
        add_seed(command)
        command.add_argument("--draws", type=positive, default=10_000, metavar="N", help="simulated futures (10000)")
    add_as_of(forecast)
    forecast.add_argument("--horizon", default="quarter", metavar="H", help="28d, 13w, month or quarter (default)")
    forecast.add_argument("--period", choices=("week", "month"), help="length of the periods")
    forecast.add_argument("--quota", type=float, metavar="AMOUNT", help="print the chance to reach it")
    backtest.add_argument("--horizon", default="28d", metavar="H", help="28d (default), 13w, month or quarter")
    backtest.add_argument("--from", dest="first", metavar="DATE", help="first as-of date")
    backtest.add_argument("--to", dest="last", metavar="DATE", help="last as-of date")
    backtest.add_argument("--every", choices=("week", "month"), default="week", help="step of the as-of dates")


def _forecast(arguments: argparse.Namespace) -> None:
    from funnelml.runs.text import show_forecast

    told = forecast_of(load(arguments.workspace), arguments)
    if arguments.json:
        forecast, record, quota = told
        print_json(forecast.to_dict() | {"track_record": record.to_dict(), "quota": quota})
    else:
        print(show_forecast(*told))


def forecast_of(workspace: Workspace, arguments: argparse.Namespace) -> tuple[Any, Any, Any]:
    """Return the forecast that was asked for, its track record, and the chance to reach the quota."""
    from funnelml.runs.weekly import forecast_with_record

    return forecast_with_record(
        workspace,
        as_of=as_of(arguments, workspace),
        horizon=arguments.horizon,
        funnel=arguments.funnel,
        draws=arguments.draws,
        seed=arguments.seed,
        period=arguments.period,
        quota=arguments.quota,
    )


def _backtest(arguments: argparse.Namespace) -> None:
    from funnelml.runs.text import show_backtest

    backtest = backtest_of(load(arguments.workspace), arguments)
    if arguments.json:
        print_json(backtest.to_dict())
    else:
        print(show_backtest(backtest))


def backtest_of(workspace: Workspace, arguments: argparse.Namespace) -> Any:
    """Return the backtest that was asked for."""
    from funnelml.runs.weekly import backtest_workspace

    return backtest_workspace(
        workspace,
        horizon=arguments.horizon,
        first=arguments.first,
        last=arguments.last,
        every=arguments.every,
        funnel=arguments.funnel,
        draws=arguments.draws,
        seed=arguments.seed,
        progress=partial(show_progress, what="backtest", unit="origin"),
    )
