"""From the counts around a change to its effect: what there is, what it means, and whether to trust it."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit

from funnelml.diagnostics.before_after.level_shift import FloatArray, LevelShift, build_design, fit_shift
from funnelml.diagnostics.before_after.weekly_cells import LEAST_OF_EACH, Measure, WeeklyCells

LEAST_ENDED: Final = 30
LEAST_BEFORE: Final = 8
LEAST_AFTER: Final = 4
"""Ended stays on each side, and weeks before and after, without which no effect is told."""

Missing = tuple[str, int, int, bool]
"""What is too little (``weeks before``, ``ended after`` ...), how much there is, how much would do, whose it is."""


def count_sides(cells: WeeklyCells, *, grouped: bool) -> pd.DataFrame:
    """Return one row per group and side of the change: ``treated, after, weeks, ended, went_on, share``."""
    ended = cells.ended.assign(after=cells.ended["week"] >= 0)
    sides = pd.MultiIndex.from_product([(True, False) if grouped else (True,), (False, True)])
    sums = ended.groupby(["treated", "after"])["went_on"].agg(["size", "sum"]).reindex(sides, fill_value=0)
    n, on = (sums[name].to_numpy(dtype=np.int64) for name in ("size", "sum"))
    after = sides.get_level_values(1).to_numpy(dtype=bool)
    share = np.divide(on, n, out=np.full(len(n), np.nan), where=n > 0)
    weeks = np.where(after, cells.weeks_after, cells.weeks_before)
    treated = sides.get_level_values(0).to_numpy(dtype=bool)
    return pd.DataFrame({"treated": treated, "after": after, "weeks": weeks, "ended": n, "went_on": on, "share": share})


def find_missing(counts: pd.DataFrame, measure: Measure) -> tuple[Missing, ...]:
    """Return everything of which there is too little for an effect."""
    rows: list[Missing] = []
    columns = ("treated", "after", "weeks", "ended", "went_on")
    for treated, after, weeks, ended, went_on in counts[list(columns)].to_numpy(dtype=np.int64).tolist():
        when = "after" if after else "before"
        needs = [("ended", ended, LEAST_ENDED)]
        if treated:  # The weeks are those of both groups.
            needs.insert(0, ("weeks", weeks, LEAST_AFTER if after else LEAST_BEFORE))
        if measure == "conversion":
            needs += [("went_on", went_on, LEAST_OF_EACH), ("not_on", ended - went_on, LEAST_OF_EACH)]
        rows += [(f"{what} {when}", n, least, bool(treated)) for what, n, least in needs if n < least]
    return tuple(rows)


def measure_effect(cells: WeeklyCells, shift: LevelShift | None, measure: Measure, level: float) -> pd.DataFrame:
    """Return the effect as a ratio and in its own unit: ``quantity, estimate, low, high``, NaN without a shift."""
    names = ("odds_ratio", "points") if measure == "conversion" else ("rate_ratio", "days")
    logs = np.full(3, np.nan) if shift is None else np.array([shift.estimate, *shift.interval(level)])
    own = np.full(3, np.nan)
    if shift is not None:
        own = _points(cells, shift, logs) if measure == "conversion" else np.sort(_days(cells, shift, logs))[[1, 0, 2]]
    return pd.DataFrame([(names[0], *np.exp(logs)), (names[1], *own)], columns=["quantity", "estimate", "low", "high"])


def count_weeks(cells: WeeklyCells, *, change_date: dt.date, measure: Measure) -> pd.DataFrame:
    """Return one row per week and group: ``week_start, treated, after, base, observed``."""
    weeks = cells.table.groupby(["week", "treated"])[["hits", "base"]].sum().reset_index()
    scale = 1.0 if measure == "conversion" else 100.0
    start = [change_date + dt.timedelta(weeks=int(w)) for w in weeks["week"]]
    return pd.DataFrame(
        {
            "week_start": pd.Series(start, dtype=object),
            "treated": weeks["treated"].astype(bool),
            "after": weeks["week"] >= 0,
            "base": weeks["base"],
            "observed": scale * weeks["hits"] / weeks["base"],
        }
    )


def fit_lines(cells: WeeklyCells, shift: LevelShift | None, measure: Measure, *, grouped: bool) -> pd.DataFrame:
    """Return ``fitted`` and ``without_change`` of each row of ``count_weeks``, at the average mix of ages."""
    weeks = cells.table[["week", "treated"]].drop_duplicates()
    if shift is None:
        return pd.DataFrame(np.nan, index=range(len(weeks)), columns=["fitted", "without_change"])
    effect = "treated_after" if grouped else "after"
    mix = cells.table.groupby("band")["base"].sum()
    grid = weeks.merge(mix.rename("part").reset_index(), how="cross")
    design = build_design(grid, grouped=grouped, effect=effect).reindex(
        columns=shift.coefficients.index, fill_value=0.0
    )
    linear = design.to_numpy() @ shift.coefficients.to_numpy()
    lines = {}
    for name, less in (("fitted", 0.0), ("without_change", shift.estimate)):
        eta = linear - less * design[effect].to_numpy()
        value = expit(eta) if measure == "conversion" else 100 * np.exp(eta)
        lines[name] = (value * grid["part"]).groupby([grid["week"], grid["treated"]]).sum().to_numpy() / mix.sum()
    return pd.DataFrame(lines)


def check_design(cells: WeeklyCells, measure: Measure, *, grouped: bool, level: float) -> pd.DataFrame:
    """Return the checks that could be made: ``check, estimate, low, high, p_value``."""
    table = cells.table
    before = table[table["week"] < 0]
    middle = -(cells.weeks_before // 2)
    moved = before.assign(week=before["week"] - middle)
    ended = cells.ended[cells.ended["week"] < 0]
    sides = count_sides(
        WeeklyCells(
            table=moved,
            ended=ended.assign(week=ended["week"] - middle),
            edges=cells.edges,
            weeks_before=cells.weeks_before + middle,
            weeks_after=-middle,
        ),
        grouped=grouped,
    )
    made = {"trend_after": (table, "trend_after")} if not grouped else {"treated_trend": (before, "treated_trend")}
    if not find_missing(sides, measure):
        made["placebo"] = (moved, "treated_after" if grouped else "after")
    rows = []
    for name, (part, effect) in made.items():
        shift = fit_shift(part, measure=measure, effect=effect, grouped=grouped)
        rows.append((name, *np.exp([shift.estimate, *shift.interval(level)]), shift.p_value))
    return pd.DataFrame(rows, columns=["check", "estimate", "low", "high", "p_value"])


def _points(cells: WeeklyCells, shift: LevelShift, logs: FloatArray) -> FloatArray:
    after = (cells.table["week"] >= 0).to_numpy() & cells.table["treated"].to_numpy()
    weight, eta = cells.table["base"].to_numpy()[after], shift.linear[after]
    without = expit(eta[:, None] - logs)
    return np.asarray(weight @ (expit(eta)[:, None] - without) / weight.sum())


def _days(cells: WeeklyCells, shift: LevelShift, logs: FloatArray) -> FloatArray:
    """Return the differences of the mean stay up to the oldest age compared, one for each log ratio."""
    table = cells.table
    after = (table["week"] >= 0).to_numpy() & table["treated"].to_numpy()
    rate = pd.Series(np.exp(shift.linear[after]) * table["base"].to_numpy()[after]).groupby(
        table["band"].to_numpy()[after]
    )
    days = pd.Series(table["base"].to_numpy()[after]).groupby(table["band"].to_numpy()[after]).sum()
    bands = len(cells.edges) - 1
    hazard = (rate.sum() / days).reindex(range(bands)).ffill().bfill().to_numpy()
    return np.array([_mean_stay(hazard, cells.edges) - _mean_stay(hazard / np.exp(x), cells.edges) for x in logs])


def _mean_stay(hazard: FloatArray, edges: FloatArray) -> float:
    """Return the mean time spent up to the last edge under a rate that is constant in each band."""
    width = np.diff(edges)
    reached = np.exp(-np.concatenate(([0.0], np.cumsum(hazard * width)[:-1])))
    return float((reached * -np.expm1(-hazard * width) / hazard).sum())
