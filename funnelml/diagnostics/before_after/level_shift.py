"""The lasting shift of a weekly share or rate at one date; its interval allows for weeks that vary together."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from funnelml.diagnostics.before_after.weekly_cells import Measure

FloatArray = NDArray[np.float64]

STRONGEST_MEMORY: Final = 0.8
"""Greatest correlation of neighbouring weeks that is allowed for."""


@dataclass(frozen=True, kw_only=True)
class LevelShift:
    """One coefficient of a weekly model, on the logit or log scale.

    Parameters
    ----------
    estimate, error : float
        The shift and its standard error.
    df : int
        Degrees of freedom of its t law: weeks less the coefficients that concern time or group.
    dispersion : float
        Factor on the variance that records independent of each other would give, at least 1.
    linear : numpy.ndarray, shape (cells,)
        Fitted logit or log of each cell.
    coefficients : pandas.Series
        All coefficients by name.
    """

    estimate: float
    error: float
    df: int
    dispersion: float
    linear: FloatArray
    coefficients: pd.Series

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no shift."""
        return float(2 * stats.t.sf(abs(self.estimate) / self.error, self.df))

    def interval(self, level: float) -> tuple[float, float]:
        """Return the central interval of the shift."""
        half = float(stats.t.ppf(0.5 + level / 2, self.df)) * self.error
        return self.estimate - half, self.estimate + half


def fit_shift(cells: pd.DataFrame, *, measure: Measure, effect: str, grouped: bool) -> LevelShift:
    r"""Fit the weekly model and return its coefficient ``effect``.

    Parameters
    ----------
    cells : pandas.DataFrame
        ``week, treated, band, hits, base``, as ``WeeklyCells.table``; the change comes with week 0.
    measure : {"conversion", "dwell"}
        Binomial shares of ``base`` (logit), or Poisson rates per day of ``base`` (log).
    effect : str
        ``after``, ``treated_after``, or, added to the model for a check, ``trend_after`` or ``treated_trend``.
    grouped : bool
        Whether treated records are told from the others.

    Returns
    -------
    LevelShift

    Notes
    -----
    A segmented regression (Wagner and others, Journal of Clinical Pharmacy and Therapeutics 27, 2002): a level, a
    straight trend, a shift at week 0 and bands of age; with a control group also the group, and the group's own shift.
    Records of a week do well or badly together, and so do neighbouring weeks. With observed minus expected :math:`r_w`
    of week w, its variance :math:`v_w` among independent records, and :math:`z_w = r_w / \sqrt{v_w}`, the variance is
    multiplied by

    .. math:: \max\{1, \phi (1 + \rho) / (1 - \rho)\}, \qquad \phi = \sum z_w^2 / (W - k), \qquad
        \rho = \sum z_w z_{w+1} / \sum z_w^2 + k / W

    (dispersion of the weekly totals; correlation of the first order, mended for the k coefficients that were fitted;
    the factor of Bayley and Hammersley, 1946). With a control group :math:`z_w` is the standardised difference of the
    two groups' deviations: what both share falls out. Robust (sandwich, Newey-West) errors were tried: at 50 to 100
    weeks they were narrower and held the truth less often.
    """
    design = build_design(cells, grouped=grouped, effect=effect)
    hits, base = (cells[name].to_numpy(dtype=float) for name in ("hits", "base"))
    if measure == "conversion":
        model = GLM(np.column_stack([hits, base - hits]), design, family=families.Binomial())
    else:
        model = GLM(hits, design, family=families.Poisson(), offset=np.log(base))
    with warnings.catch_warnings():
        # A rate that never varies is fitted exactly; both ways to end are there in numbers, so nothing is separated.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fitted = model.fit()
    mean = np.asarray(fitted.mu) * (base if measure == "conversion" else 1.0)
    variance = mean * (1 - mean / base) if measure == "conversion" else mean
    z = _weekly_deviations(cells, hits - mean, variance, grouped=grouped)
    k = sum(not str(name).startswith("band") for name in design)
    df = max(len(z) - k, 1)
    factor = max(1.0, float((z**2).sum()) / df * _memory_factor(z, k))
    free = np.asarray(fitted.normalized_cov_params)
    at = list(design).index(effect)
    eta = np.asarray(fitted.predict(design, which="linear", offset=np.zeros(len(design))))
    return LevelShift(
        estimate=float(fitted.params[effect]),
        error=float(np.sqrt(free[at, at] * factor)),
        df=df,
        dispersion=factor,
        linear=eta,
        coefficients=fitted.params,
    )


def build_design(cells: pd.DataFrame, *, grouped: bool, effect: str) -> pd.DataFrame:
    """Return the regressors of the weekly model, one row per cell; those that are zero everywhere are left out."""
    after = (cells["week"] >= 0).astype(float)
    trend = (cells["week"] + 0.5) / 52
    treated = cells["treated"].astype(float)
    columns = {"level": pd.Series(1.0, index=cells.index), "after": after, "trend": trend}
    if grouped:
        columns |= {"treated": treated, "treated_after": treated * after}
    if effect == "trend_after":
        columns[effect] = trend * after
    if effect == "treated_trend":
        columns[effect] = treated * trend
    columns |= {f"band_{b}": (cells["band"] == b).astype(float) for b in sorted(cells["band"].unique())[1:]}
    design = pd.DataFrame(columns)
    return design.loc[:, (design != 0).any()]


def _weekly_deviations(cells: pd.DataFrame, rest: FloatArray, variance: FloatArray, *, grouped: bool) -> FloatArray:
    week = cells["week"].to_numpy()
    week = week - week.min()
    weeks = int(week.max()) + 1

    def sums(rows: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        r, v = (np.bincount(week[rows], values[rows], weeks) for values in (rest, variance))
        return r.astype(np.float64), v.astype(np.float64)

    treated = cells["treated"].to_numpy()
    r, v = sums(treated)
    seen = v > 0
    if not grouped:
        return np.asarray(r[seen] / np.sqrt(v[seen]))
    r_control, v_control = sums(~treated)
    seen &= v_control > 0
    difference = r[seen] / v[seen] - r_control[seen] / v_control[seen]
    return np.asarray(difference / np.sqrt(1 / v[seen] + 1 / v_control[seen]))


def _memory_factor(z: FloatArray, k: int) -> float:
    total = float((z**2).sum())
    if total == 0:
        return 1.0
    rho = float((z[1:] * z[:-1]).sum()) / total + k / len(z)
    rho = min(max(rho, 0.0), STRONGEST_MEMORY)
    return (1 + rho) / (1 - rho)
