"""Whether the reasons of losses change from period to period, the stage in which records are lost held fixed."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.stats.multitest import multipletests
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from funnelml.diagnostics.losses.rules import REASONS, UNKNOWN
from funnelml.diagnostics.proportions import with_shares
from funnelml.history.dates import day_of
from funnelml.history.periods import PeriodLength, calendar_periods

LEAST_LOST = 20
"""Losses with a reason below which nothing is said of trends."""
ERROR = 0.05
"""Chance that any reason at all is wrongly said to change."""

_COLUMNS = ("period_start", "reason", "lost", "of")


def follow_reasons(
    told: pd.DataFrame, *, time_zone: str, period: PeriodLength, fiscal_year_start: int, level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the reasons of the losses of each calendar period, and test for each whether its share drifts.

    Parameters
    ----------
    told : pandas.DataFrame
        Losses with a reason: ``lost_at`` (microseconds), ``stage, reason``.
    period : {"week", "month", "quarter"}
        Length of a period.

    Returns
    -------
    periods : pandas.DataFrame
        ``period_start, reason, lost, of, share, low, high``, each period with all reasons.
    trends : pandas.DataFrame
        One row per reason: ``reason, share_early, share_late`` (first and second half of the periods), ``p_value,
        p_adjusted`` (Holm, over the reasons), ``changed``. NaN where there are fewer than ``LEAST_LOST`` losses, or one
        period.

    Notes
    -----
    The test is the score test of a logistic trend over the periods with a level for each stage: the Cochran-Armitage
    test, stratified. Without the stages a young log would always show a trend, since its first losses are early ones.
    """
    if told.empty:
        empty = pd.DataFrame({name: pd.Series(dtype=object) for name in _COLUMNS}).astype({"lost": int, "of": int})
        return with_shares(empty, "lost", "of", level), _adjust([(reason, *(np.nan,) * 3) for reason in REASONS])
    first, last = (day_of(int(at), time_zone) for at in (told["lost_at"].min(), told["lost_at"].max()))
    calendar = calendar_periods(first, last, by=period, time_zone=time_zone, fiscal_year_start=fiscal_year_start)
    number = calendar.of(told["lost_at"].to_numpy())
    stage = told["stage"].fillna(UNKNOWN).to_numpy()
    cells = pd.crosstab([stage, number], told["reason"].to_numpy()).reindex(columns=list(REASONS), fill_value=0)
    cells.index.names, cells.columns.name = ["stage", "number"], "reason"
    by_period = cells.groupby("number").sum().reindex(range(len(calendar)), fill_value=0)
    long = by_period.reset_index().melt(id_vars="number", var_name="reason", value_name="lost")
    long = long.sort_values("number", kind="stable", ignore_index=True)
    long["of"] = long.groupby("number")["lost"].transform("sum")
    long.insert(0, "period_start", [calendar.starts[k] for k in long.pop("number")])
    half, rows = len(calendar) // 2, []
    enough = len(told) >= LEAST_LOST and len(calendar) > 1
    for reason in REASONS:
        early, late = (_share(by_period[part], reason) for part in (slice(0, half), slice(half, None)))
        rows.append((reason, early, late, _p_value(cells, reason) if enough else np.nan))
    return with_shares(long, "lost", "of", level), _adjust(rows)


def _share(by_period: pd.DataFrame, reason: str) -> float:
    of = int(by_period.to_numpy().sum())
    return float(by_period[reason].sum() / of) if of else float("nan")


def _p_value(cells: pd.DataFrame, reason: str) -> float:
    of, hits = cells.sum(axis=1), cells[reason]
    stage = pd.Series(cells.index.get_level_values("stage"), index=cells.index)
    number = pd.Series(cells.index.get_level_values("number"), index=cells.index).astype(float)
    total = hits.groupby(stage).transform("sum")
    # A stage in which all or none of the losses are of this reason, or of one period only, says nothing of a trend.
    mixed = (total > 0) & (total < of.groupby(stage).transform("sum"))
    telling = mixed & (number.groupby(stage).transform("nunique") > 1)
    if not telling.any():
        return float("nan")
    levels = pd.get_dummies(stage[telling], dtype=float).to_numpy()
    counts = np.column_stack((hits[telling], (of - hits)[telling])).astype(float)
    with warnings.catch_warnings():
        # Shares that are the same in every period are fitted perfectly: no trend at all, and no trouble.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        same = GLM(counts, levels, family=families.Binomial()).fit()
    p = same.score_test(exog_extra=number[telling].to_numpy()[:, None])[1]
    return float(np.squeeze(p))


def _adjust(rows: list[tuple[str, float, float, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["reason", "share_early", "share_late", "p_value"])
    known = table["p_value"].notna().to_numpy()
    adjusted = np.full(len(table), np.nan)
    if known.any():
        adjusted[known] = multipletests(table.loc[known, "p_value"], method="holm")[1]
    return table.assign(p_adjusted=adjusted, changed=np.nan_to_num(adjusted, nan=1.0) < ERROR)
