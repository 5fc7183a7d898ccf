"""What a comparison of groups found: the table, its limits, and two groups against each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.diagnostics.comparison.estimates import GroupEstimates
from funnelml.diagnostics.comparison.records import Measure
from funnelml.diagnostics.comparison.shrinkage import FloatArray, limits_around
from funnelml.diagnostics.comparison.words import tell_comparison, tell_difference
from funnelml.errors import FunnelError, did_you_mean
from funnelml.language import Language


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two groups of one comparison, the first less the second.

    Parameters
    ----------
    first, second : str
        The groups.
    estimate, low, high : float
        Difference of rates; of amounts and cycles the difference as a share of the second.
    chance : float
        Chance that it is above zero.
    level : float
        Chance that the interval holds the truth.
    measure : str
        What was compared.
    """

    first: str
    second: str
    estimate: float
    low: float
    high: float
    chance: float
    level: float
    measure: Measure

    def summary(self, language: Language = "en") -> str:
        """Return one sentence: how far the two are apart, and how sure that is."""
        return tell_difference(self, language)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Groups side by side.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel, by, measure, currency : str
        What was compared.
    stage : str or None
        Stage of the conversion.
    level, margin, false_calls : float
        Chance that intervals hold the truth; difference worth naming; expected number of wrong names.
    least : int
        Records a group needs to be ranked.
    within_days : float
        Days within which it had to happen.
    adjusted_for : tuple of str
        The mix that was taken out.
    overall : float
        The value of all records together.
    estimates : GroupEstimates
        What ranks and names were found from: adjusted if a mix was taken out.
    groups : pandas.DataFrame
        One row per group, as ``to_frame`` returns it.
    members : pandas.DataFrame
        Records that were counted: ``record_id, group, start`` (microseconds) and ``value``.
    without_group : int
        Records that were not counted as their group is not known.
    """

    as_of: date
    funnel: str
    by: str
    measure: Measure
    currency: str
    stage: str | None
    level: float
    margin: float
    false_calls: float
    least: int
    within_days: float
    adjusted_for: tuple[str, ...]
    overall: float
    estimates: GroupEstimates
    groups: pd.DataFrame
    members: pd.DataFrame
    without_group: int

    @property
    def is_rate(self) -> bool:
        """Whether the measure is a share of records; else it is a typical value."""
        return self.measure in ("win_rate", "conversion")

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group.

        Returns
        -------
        pandas.DataFrame
            ``group, records`` (those counted), ``young`` (not counted yet), ``hits`` (of a rate; else NaN), ``raw``
            (as observed), ``estimate, low, high`` (shrunken), ``expected`` (rate expected of its mix), ``adjusted,
            adjusted_low, adjusted_high`` (shrunken, with the mix of all; NaN if nothing was adjusted for),
            ``above_chance, below_chance, best_chance, rank, rank_low, rank_high, stands_out`` (``above``, ``below``
            or empty), ``missing`` (records short of a rank) and ``mature`` (a period of which no record is young).
            Best first; periods in order of time.
        """
        return self.groups

    def limits(self, volume: FloatArray, level: float) -> FloatArray:
        """Return between which values a group of that many records lies with chance ``level`` if it is like all.

        Parameters
        ----------
        volume : numpy.ndarray, shape (n,)
            Records, positive.
        level : float
            Chance, such as 0.95.

        Returns
        -------
        numpy.ndarray, shape (2, n)
        """
        told = self.estimates
        return limits_around(told.centre, told.unit_error, volume, level=level, rate=self.is_rate)

    def difference(self, first: str, second: str) -> Difference:
        """Return how far two groups are apart, as in "this quarter and the last".

        Raises
        ------
        FunnelError
            If a group does not exist or none of its records was counted.
        """
        counted = self.groups.loc[self.groups["records"] > 0, "group"].tolist()
        for name in (first, second):
            if name not in counted:
                raise FunnelError(f"no {self.by} '{name}' with counted records{did_you_mean(name, counted)}")
        a, b = (self.estimates.draws[:, sorted(counted).index(name)] for name in (first, second))
        apart = a - b if self.is_rate else a / b - 1
        estimate, low, high = np.quantile(apart, [0.5, 0.5 - self.level / 2, 0.5 + self.level / 2])
        return Difference(
            first=first,
            second=second,
            estimate=float(estimate),
            low=float(low),
            high=float(high),
            chance=float((apart > 0).mean()),
            level=self.level,
            measure=self.measure,
        )

    def summary(self, language: Language = "en") -> str:
        """Return a few sentences: the whole, who stands out, who cannot be judged yet."""
        return tell_comparison(self, language)
