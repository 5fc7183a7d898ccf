"""Results as text for a terminal: a sentence, then a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from funnelml.errors import AsOfError
from funnelml.forecast.backtest import Backtest
from funnelml.forecast.revenue import RevenueForecast
from funnelml.forecast.scores import LEVELS
from funnelml.forecast.track_record import TrackRecord
from funnelml.history.snapshot import take_snapshot
from funnelml.runs.weekly import describe_quota
from funnelml.runs.workspace import Workspace

MOST_ROWS = 10


def show_check(workspace: Workspace, *, as_of: date) -> str:
    """Return what was read, mended and found odd, and what is known on ``as_of``."""
    parts = [workspace.loaded.summary(), table_text(workspace.loaded.to_frame())]
    findings = workspace.findings()
    parts.append(table_text(findings) if len(findings) else "Nothing in the log needed mending or looks odd.")
    if workspace.quarantine is not None:
        parts.append(f"Rows that could not be read are in {workspace.quarantine}, with the reason.")
    for funnel in workspace.settings.funnels:
        try:
            snapshot = take_snapshot(workspace.history, as_of=as_of, funnel=funnel.name)
        except AsOfError as error:
            parts.append(f"Funnel '{funnel.name}': {error}")
            continue
        by_stage = snapshot.open.groupby("stage")["amount"].agg(["size", "sum"]).reindex(funnel.stages).fillna(0)
        table = by_stage.reset_index().rename(columns={"size": "open", "sum": "amount"})
        parts.append(f"Funnel '{funnel.name}': {snapshot.summary()}\n{table_text(table, counts=('open',))}")
    return "\n\n".join(parts)


def show_forecast(forecast: RevenueForecast, record: TrackRecord, quota: Mapping[str, float] | None) -> str:
    """Return the forecast: sentence, track record, periods, baselines, zombies, and what to beware of."""
    target = forecast.targets["open_pipeline"]
    parts = [forecast.summary(), record.summary()]
    if quota is not None:
        parts.append(describe_quota(dict(quota), forecast.currency))
    parts.append(table_text(target.to_frame()[["period_start", "mean", "0.1", "0.5", "0.9"]]))
    baselines = pd.DataFrame({"baseline": list(target.baselines), "bookings": list(target.baselines.values())})
    parts.append("The same by simple rules:\n" + table_text(baselines))
    dead = forecast.zombies
    if len(dead):
        shown = dead[["record_id", "stage", "age_days", "amount", "win_upper"]].head(MOST_ROWS)
        shares = shown.assign(win_upper=shown["win_upper"].map("{:.1%}".format))
        more = f"\n... and {len(dead) - MOST_ROWS:,} more" if len(dead) > MOST_ROWS else ""
        parts.append("Zombies by amount:\n" + table_text(shares) + more)
    parts += _caveats(forecast)
    return "\n\n".join(parts)


def show_backtest(backtest: Backtest) -> str:
    """Return the league table and the finding."""
    league = backtest.league()
    shown = pd.DataFrame({"target": league["target"], "model": league["model"], "origins": league["origins"]})
    shown["WAPE"] = league["WAPE"].map(_percent)
    shown["bias"] = league["bias"].map("{:+.1%}".format).replace("+nan%", "-")
    shown["CRPS"] = league["CRPS"]
    shown["CRPS ratio"] = league["CRPS ratio"].map("{:.3f}".format)
    for level in (f"{level:.0%}" for level in LEVELS):
        hits = league[f"hits {level}"]
        shown[f"in {level}"] = [
            "-" if pd.isna(k) else f"{int(k)} of {n}" for k, n in zip(hits, league["origins"], strict=True)
        ]
        shown[f"score {level}"] = league[f"interval score {level}"]
    shown["width 80%"] = league["width 80%"].map(_percent)
    parts = [backtest.summary(), table_text(shown)]
    if backtest.skipped:
        origin, why = next(iter(backtest.skipped.items()))
        parts.append(f"{len(backtest.skipped)} origins could not be forecast; the first, {origin}: {why}")
    return "\n\n".join(parts)


def _caveats(forecast: RevenueForecast) -> list[str]:
    notes = []
    if forecast.without_amount:
        notes.append(
            f"{forecast.without_amount:,} open records have no amount; each counts with the mean of the others."
        )
    if forecast.beyond_observed >= 0.005:
        notes.append(
            f"{forecast.beyond_observed:.0%} of the expected bookings come from records older than any that could be "
            f"followed to the end of the horizon: the forecast is low there."
        )
    if forecast.snapshot.data_age_days > 7:
        notes.append(
            f"The data are {forecast.snapshot.data_age_days} days old: nothing was recorded in between, and every open "
            f"record has aged by as much. Load a fresh export, or choose an earlier --as-of."
        )
    return notes


def table_text(frame: pd.DataFrame, counts: tuple[str, ...] = (), *, digits: bool = False) -> str:
    """Return a table for a terminal.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    counts : tuple of str
        Columns of numbers that are counts.
    digits : bool
        Whether numbers under 100 keep three significant digits.
    """
    shown = frame.copy()
    for name, column in shown.items():
        if str(name) in counts:
            shown[name] = [f"{int(v):,}" for v in column]
        elif pd.api.types.is_float_dtype(column):
            shown[name] = [_number(v, digits) for v in column]
        elif pd.api.types.is_integer_dtype(column):
            shown[name] = [f"{v:,}" for v in column]
    # Chinese characters take two columns of a terminal.
    with pd.option_context("display.unicode.east_asian_width", True, "display.max_colwidth", None):
        return str(shown.to_string(index=False))


def _number(value: float, digits: bool) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.3g}" if digits and abs(value) < 100 else f"{value:,.0f}"


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.1%}"
