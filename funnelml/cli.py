"""The command line: parse, load, call, print. The only place where today may become an as-of date."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from funnelml import __version__
from funnelml.errors import FunnelmlError

if TYPE_CHECKING:
    from funnelml.runs.workspace import Workspace


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
    diagnose = add("diagnose", _diagnose, "Tell where the funnel leaks, what changed, and what to watch.")
    forecast = add("forecast", _forecast, "Forecast the bookings of the open pipeline, with intervals.")
    backtest = add("backtest", _backtest, "Forecast from past dates and score against what happened.")
    run = add("run", _run, "Execute a notebook into runs/, with its HTML.")
    for command in (check, diagnose, forecast, backtest, run):
        command.add_argument("--workspace", type=Path, default=Path(), metavar="DIR", help="default: this folder")
    for command in (check, diagnose, forecast, backtest):
        command.add_argument("--json", action="store_true", help="print one JSON object")
    for command in (diagnose, forecast, backtest):
        command.add_argument("--funnel", metavar="NAME", help="default: the first of the workspace")
        command.add_argument("--seed", type=_count, default=0, metavar="N", help="seed of draws (0)")
    for command in (forecast, backtest):
        command.add_argument("--draws", type=_positive, default=10_000, metavar="N", help="simulated futures (10000)")
    diagnose.add_argument("--since", metavar="DATE", help="what changed since then; default: four weeks before")
    for command in (forecast, diagnose, check):
        command.add_argument("--as-of", metavar="DATE", help="last known day; default: yesterday")
    forecast.add_argument("--horizon", default="quarter", metavar="H", help="28d, 13w, month or quarter (default)")
    forecast.add_argument("--period", choices=("week", "month"), help="length of the periods")
    forecast.add_argument("--quota", type=float, metavar="AMOUNT", help="print the chance to reach it")
    backtest.add_argument("--horizon", default="28d", metavar="H", help="28d (default), 13w, month or quarter")
    backtest.add_argument("--from", dest="first", metavar="DATE", help="first as-of date")
    backtest.add_argument("--to", dest="last", metavar="DATE", help="last as-of date")
    backtest.add_argument("--every", choices=("week", "month"), default="week", help="step of the as-of dates")
    run.add_argument("notebook", metavar="NOTEBOOK", help="name (revenue_forecast) or path")
    run.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE")
    run.add_argument("--run-id", metavar="ID", help="folder under runs/; default: notebook and time")
    return parser


def _demo(arguments: argparse.Namespace) -> None:
    from funnelml.runs.demo import make_demo
    from funnelml.runs.text import show_backtest, show_check, show_forecast

    as_of = make_demo(arguments.dir, language=arguments.language)
    told = argparse.Namespace(workspace=arguments.dir, funnel=None, draws=10_000, seed=0, period=None, quota=None)
    told.horizon, told.first, told.last, told.every, told.as_of = (
        "quarter",
        None,
        None,
        "month",
        as_of.isoformat(),
    )
    workspace = _load(arguments.dir)
    print(show_check(workspace, as_of=as_of), end="\n\n")
    print(show_forecast(*_forecast_of(workspace, told)), end="\n\n")
    told.horizon = "28d"
    print(show_backtest(_backtest_of(workspace, told)), end="\n\n")
    for notebook in ("funnel_diagnostics", "revenue_forecast"):
        _execute(arguments.dir, notebook, {"as_of": as_of.isoformat()}, None)


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
            won=_names(arguments.won),
            lost=_names(arguments.lost),
            time_zone=arguments.time_zone,
            currency=arguments.currency,
        )
    print(told)


def _check(arguments: argparse.Namespace) -> None:
    from funnelml.runs.text import show_check

    workspace = _load(arguments.workspace)
    if arguments.json:
        _print_json(workspace.to_dict())
    else:
        print(show_check(workspace, as_of=_as_of(arguments, workspace)))


def _diagnose(arguments: argparse.Namespace) -> None:
    from functools import partial

    from funnelml.history.dates import parse_date
    from funnelml.runs.diagnose import diagnose
    from funnelml.runs.diagnosis_text import show_diagnosis

    workspace = _load(arguments.workspace)
    found = diagnose(
        workspace,
        as_of=_as_of(arguments, workspace),
        since=None if arguments.since is None else parse_date(arguments.since, "--since"),
        funnel=arguments.funnel,
        seed=arguments.seed,
        progress=partial(_show_progress, what="diagnose", unit="question"),
    )
    language = workspace.settings.language
    if arguments.json:
        _print_json(found.to_dict(language))
    else:
        print(show_diagnosis(found, language))


def _show_progress(items: Any, *, what: str, unit: str) -> Any:
    from tqdm import tqdm

    # Silent for two seconds, and altogether where stderr is no terminal.
    return tqdm(items, desc=what, unit=unit, delay=2, disable=None, file=sys.stderr)


def _forecast(arguments: argparse.Namespace) -> None:
    from funnelml.runs.text import show_forecast

    told = _forecast_of(_load(arguments.workspace), arguments)
    if arguments.json:
        forecast, record, quota = told
        _print_json(forecast.to_dict() | {"track_record": record.to_dict(), "quota": quota})
    else:
        print(show_forecast(*told))


def _forecast_of(workspace: Workspace, arguments: argparse.Namespace) -> tuple[Any, Any, Any]:
    from funnelml.runs.weekly import forecast_with_record

    return forecast_with_record(
        workspace,
        as_of=_as_of(arguments, workspace),
        horizon=arguments.horizon,
        funnel=arguments.funnel,
        draws=arguments.draws,
        seed=arguments.seed,
        period=arguments.period,
        quota=arguments.quota,
    )


def _backtest(arguments: argparse.Namespace) -> None:
    from funnelml.runs.text import show_backtest

    backtest = _backtest_of(_load(arguments.workspace), arguments)
    if arguments.json:
        _print_json(backtest.to_dict())
    else:
        print(show_backtest(backtest))


def _backtest_of(workspace: Workspace, arguments: argparse.Namespace) -> Any:
    from functools import partial

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
        progress=partial(_show_progress, what="backtest", unit="origin"),
    )


def _run(arguments: argparse.Namespace) -> None:
    from funnelml.errors import RunError

    parameters: dict[str, object] = {}
    for pair in arguments.parameter:
        name, equals, value = pair.partition("=")
        if not equals:
            raise RunError(f"parameter '{pair}' has no value; write -p name=value")
        parameters[name] = value
    _execute(arguments.workspace, arguments.notebook, parameters, arguments.run_id)


def _execute(root: Path, notebook: str, parameters: dict[str, object], run_id: str | None) -> None:
    from funnelml.runs.execute import execute_notebook

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    done = execute_notebook(
        notebook,
        workspace=root,
        parameters=parameters,
        run_id=run_id or f"{Path(notebook).stem}-{stamp}",
        progress=sys.stderr.isatty(),
    )
    print(done.summary())


def _load(root: Path) -> Workspace:
    from funnelml.runs.workspace import load_workspace

    return load_workspace(root)


def _as_of(arguments: argparse.Namespace, workspace: Workspace) -> date:
    from funnelml.history.dates import parse_date

    if arguments.as_of is not None:
        return parse_date(arguments.as_of)
    # The last day that is complete: on a Monday morning that is Sunday.
    return datetime.now(ZoneInfo(workspace.settings.time_zone)).date() - timedelta(days=1)


def _print_json(told: dict[str, Any]) -> None:
    print(json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.replace("，", ",").split(",") if name.strip())


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


if __name__ == "__main__":
    sys.exit(main())
