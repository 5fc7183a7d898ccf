"""Moves that wait for the end of the fiscal quarter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM

from funnelml.history.funnel import WON
from funnelml.history.periods import calendar_periods

WARM_UP_DAYS = 91
"""Days after the first move that are left out: a log that begins has few records in its later stages, and fills up."""
FEWEST_MOVES = 20
"""Moves in the last days, and on the others, under which no ratio is told."""

COLUMNS = ("moves", "at_end", "of", "share", "expected_share", "ratio", "low", "high")


@dataclass(frozen=True, kw_only=True)
class QuarterEnd:
    """The last days of each fiscal quarter.

    Parameters
    ----------
    time_zone : str
        IANA zone in which a day begins.
    last_days : int
        Calendar days that are the end of a quarter.
    fiscal_year_start : int
        Month (1 to 12) in which the fiscal year begins.
    """

    time_zone: str = "UTC"
    last_days: int = 10
    fiscal_year_start: int = 1

    def holds(self, days: pd.DatetimeIndex) -> np.ndarray:
        """Return for each day (a naive midnight) whether it is one of the last of its quarter."""
        out = np.zeros(len(days), dtype=bool)
        if not len(days):
            return out
        quarters = calendar_periods(
            days.min().date(),
            days.max().date(),
            by="quarter",
            time_zone=self.time_zone,
            fiscal_year_start=self.fiscal_year_start,
        )
        for end in quarters.ends:
            out |= (days >= pd.Timestamp(end - timedelta(days=self.last_days))) & (days < pd.Timestamp(end))
        return out


def compare_quarter_ends(moves: pd.DataFrame, quarter_end: QuarterEnd, *, level: float = 0.8) -> pd.DataFrame:
    r"""Compare how many moves a day has in the last days of a fiscal quarter and on all others.

    Parameters
    ----------
    moves : pandas.DataFrame
        ``to_stage`` and ``day`` (a naive midnight) of each move, bulk moves left out.
    quarter_end : QuarterEnd
        Which days are the end of a quarter.
    level : float
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        Rows ``all`` and ``won`` (column ``moves``), the 91 days from the first such move left out: ``at_end`` moves in
        the last days, ``of`` moves in all, ``share``, ``expected_share`` of the days' weekdays, ``ratio`` of moves a
        day at the end over the others with ``low`` and ``high``; NaN where either side has fewer than 20 moves.

    Notes
    -----
    Counts per day follow a Poisson regression on the weekday and on being at the end; the interval is Wald's, its
    variance multiplied by Pearson's :math:`\chi^2 / df` since busy days come together (McCullagh and Nelder,
    Generalized Linear Models, 1989, section 6.2.3).
    """
    rows = []
    for kind, part in (("all", moves), ("won", moves[moves["to_stage"] == WON])):
        rows.append({"moves": kind, **_compare(part["day"], quarter_end, level)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _compare(days: pd.Series, quarter_end: QuarterEnd, level: float) -> dict[str, float]:
    nothing = {"at_end": 0, "of": len(days)} | dict.fromkeys(COLUMNS[3:], float("nan"))
    days = days[days >= days.min() + timedelta(days=WARM_UP_DAYS)]
    nothing["of"] = len(days)
    if days.empty:
        return nothing
    counts = days.value_counts().reindex(pd.date_range(days.min(), days.max(), freq="D"), fill_value=0)
    calendar = pd.DatetimeIndex(counts.index)
    end = quarter_end.holds(calendar)
    n = counts.to_numpy(dtype=float)
    of_weekday = np.bincount(calendar.weekday, weights=n, minlength=7)
    days_of_weekday = np.bincount(calendar.weekday, minlength=7)
    usual = (of_weekday / np.maximum(days_of_weekday, 1))[calendar.weekday]
    told = nothing | {
        "at_end": int(n[end].sum()),
        "share": n[end].sum() / n.sum(),
        "expected_share": usual[end].sum() / usual.sum(),
    }
    if min(n[end].sum(), n[~end].sum()) < FEWEST_MOVES:
        return told
    # A weekday on which nothing ever moved says nothing about quarter ends, and has no finite coefficient.
    at_work = usual > 0
    design = np.column_stack(
        [end[at_work], *(calendar.weekday[at_work] == w for w in np.flatnonzero(of_weekday))]
    ).astype(float)
    fit = GLM(n[at_work], design, family=families.Poisson()).fit(scale="X2")
    low, high = fit.conf_int(alpha=1 - level)[0]
    return told | {"ratio": float(np.exp(fit.params[0])), "low": float(np.exp(low)), "high": float(np.exp(high))}
