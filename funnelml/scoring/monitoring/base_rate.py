"""Whether as many records convert as when the score was learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import logit
from statsmodels.stats.proportion import confint_proportions_2indep

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.language import Language, points, say, share


@dataclass(frozen=True, kw_only=True)
class BaseRateDrift:
    """The share that converts, then and now.

    Parameters
    ----------
    train_records, new_records : int
        Records behind the two.
    train_rate, new_rate : float
        Shares of rows that converted.
    low, high : float
        Interval of their difference.
    odds_ratio : float
        By how much the odds changed: by about as much the chances learned before are too low (above 1) or too high;
        NaN if a rate is 0 or 1.
    level : float
        Probability of the interval.
    """

    train_records: int
    new_records: int
    train_rate: float
    new_rate: float
    low: float
    high: float
    odds_ratio: float
    level: float

    @property
    def moved(self) -> bool:
        """Whether the interval of the difference excludes 0."""
        return self.low > 0 or self.high < 0

    def to_frame(self) -> pd.DataFrame:
        """Return one row: the fields of this result, and ``difference`` and ``moved``."""
        told = {"train_rate": self.train_rate, "new_rate": self.new_rate, "difference": self.new_rate - self.train_rate}
        told |= {"low": self.low, "high": self.high, "odds_ratio": self.odds_ratio, "moved": self.moved}
        return pd.DataFrame([told | {"train_records": self.train_records, "new_records": self.new_records}])

    def summary(self, language: Language = "en") -> str:
        """Return both rates, their difference with its interval, and what it means for the chances."""
        rates = share(self.train_rate, 1), share(self.new_rate, 1)
        ends = points(self.low, language), points(self.high, language)
        up = self.new_rate > self.train_rate
        en = f"The base rate was {rates[0]} when the score was learned and is {rates[1]} now ({ends[0]} to {ends[1]})"
        zh = f"训练时的基准转化率为 {rates[0]}，现在为 {rates[1]}（{ends[0]}至 {ends[1]}）"
        if self.moved:
            en += f": chances learned before are too {'low' if up else 'high'}"
            zh += f"：此前学到的概率偏{'低' if up else '高'}"
        else:
            en, zh = f"{en}, within chance", f"{zh}，未超出偶然范围"
        return say(language, en=f"{en}.", zh=f"{zh}。")


def compare_base_rates(
    train_label: ArrayLike,
    new_label: ArrayLike,
    *,
    train_id: ArrayLike | None = None,
    new_id: ArrayLike | None = None,
    level: float = 0.95,
) -> BaseRateDrift:
    """Compare the share that converts now with that of the training rows.

    Parameters
    ----------
    train_label, new_label : array_like
        1 if it came about, 0 if not; only rows whose outcome is known.
    train_id, new_id : array_like, optional
        The record of each row; by default each row is a record of its own.
    level : float
        Probability of the interval.

    Returns
    -------
    BaseRateDrift

    Raises
    ------
    ModelInputError
        If a label is neither 0 nor 1, or ids do not fit.
    NotEnoughDataError
        If one of the two has no row.

    Notes
    -----
    The interval is Newcombe's from two Wilson intervals (Statistics in Medicine 17, 1998). As rows of one record are
    alike, it is as wide as if there were one row per record.
    """
    rates, records = [], []
    for name, label, ids in (("train", train_label, train_id), ("new", new_label, new_id)):
        y = np.asarray(label, dtype=np.float64)
        if not np.isin(y, (0.0, 1.0)).all():
            raise ModelInputError(f"{int((~np.isin(y, (0.0, 1.0))).sum()):,} {name} labels are neither 0 nor 1")
        if ids is not None and len(pd.Series(ids)) != len(y):
            raise ModelInputError(f"{name}_id has {len(pd.Series(ids)):,} values for {len(y):,} labels")
        if not len(y):
            raise NotEnoughDataError(f"there are no {name} labels; a base rate takes rows whose outcome is known")
        rates.append(float(y.mean()))
        records.append(len(y) if ids is None else int(pd.Series(ids, dtype=object).nunique()))
    low, high = confint_proportions_2indep(
        rates[1] * records[1],
        records[1],
        rates[0] * records[0],
        records[0],
        method="newcomb",
        compare="diff",
        alpha=1 - level,
    )
    inside = all(0 < rate < 1 for rate in rates)
    return BaseRateDrift(
        train_records=records[0],
        new_records=records[1],
        train_rate=rates[0],
        new_rate=rates[1],
        low=float(low),
        high=float(high),
        odds_ratio=float(np.exp(logit(rates[1]) - logit(rates[0]))) if inside else float("nan"),
        level=level,
    )
