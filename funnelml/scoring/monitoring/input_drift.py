"""Whether new records look like those that the score has learned from, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from funnelml.errors import ModelInputError, NotEnoughDataError, did_you_mean, first_few
from funnelml.language import Language, join_words, say, share
from funnelml.scoring.models.columns import MISSING, NumberColumn, TextColumn, learn_columns

MOVED: Final = 0.1
"""PSI from which on a field has moved, if that is more than chance."""
MOVED_MUCH: Final = 0.25
"""PSI from which on it has moved much."""
NOT_JUDGED: Final = frozenset(
    {
        *("weekday", "month", "days_to_quarter_end", "created_month"),
        *("owner_win_rate", "source_win_rate", "owner_open_records", "owner_win_lift", "source_win_lift"),
    }
)
"""As-of features that all records of a date, or of one owner or source on it, have in common.

Any two dates differ in them: so many records are no more evidence than one date, or a handful of owners.
"""

_LEVELS = 20
_LEAST_SHARE = 0.01

IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class InputDrift:
    """How far the fields of new rows are from those of the training rows.

    Parameters
    ----------
    train_records, new_records : int
        Records behind the two.
    table : pandas.DataFrame
        One row per field, the largest PSI first: ``field, kind`` (``number`` or ``text``), ``psi, chance`` (what chance
        alone does not exceed), ``verdict`` (``steady``, ``moved``, ``moved much``), ``train_missing, new_missing``
        (shares), ``how, how_zh`` (what changed most, in words).
    not_judged : tuple of str
        Fields that were set aside because many records of a date have one value in common (``NOT_JUDGED``).
    rate : float
        Chance of a false alarm over all fields together, where nothing moved.
    """

    train_records: int
    new_records: int
    table: pd.DataFrame
    not_judged: tuple[str, ...]
    rate: float

    @property
    def moved(self) -> pd.DataFrame:
        """The fields that moved."""
        return self.table[self.table["verdict"] != "steady"].reset_index(drop=True)

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per field, with ``how`` in that language."""
        told = self.table.assign(how=self.table["how_zh"]) if language == "zh" else self.table
        return told.drop(columns="how_zh")

    def summary(self, language: Language = "en") -> str:
        """Return which fields moved and how, and whether the new records are enough to see a move."""
        told = self.to_frame(language)
        moved = told[told["verdict"] != "steady"]
        blind = int((told["chance"] > MOVED).sum())
        counts = f"{self.new_records:,}", f"{self.train_records:,}"
        each = [
            f"{field} ({how})" if language == "en" else f"{field}（{how}）"
            for field, how in zip(moved["field"][:5], moved["how"][:5], strict=True)
        ]
        if len(moved) > len(each):
            each.append(say(language, en=f"and {len(moved) - 5:,} more", zh=f"另有 {len(moved) - 5:,} 个"))
        text = say(
            language,
            en=f"{len(moved):,} of {len(told):,} fields of {counts[0]} new records moved away from the {counts[1]} "
            f"learned from{': ' if each else ''}{'; '.join(each)}.",
            zh=f"与训练所用的 {counts[1]} 条记录相比，{counts[0]} 条新记录的 {len(told):,} 个字段中有 {len(moved):,} "
            f"个发生偏移{'：' if each else ''}{'；'.join(each)}。",
        )
        if blind:
            text += say(
                language,
                en=f" In {blind:,} fields a moderate move (PSI {MOVED}) cannot be told from chance: too few records.",
                zh=f"记录太少，有 {blind:,} 个字段无法区分中等偏移（PSI {MOVED}）与偶然波动。",
            )
        if self.not_judged:
            text += say(
                language,
                en=f" Not judged, as many records of a date share one value: {join_words(self.not_judged)}.",
                zh=f"以下字段在同一日期由许多记录共用一个值，未作判断：{join_words(self.not_judged, 'zh')}。",
            )
        return text


def compare_inputs(
    train: pd.DataFrame,
    new: pd.DataFrame,
    *,
    train_id: ArrayLike | None = None,
    new_id: ArrayLike | None = None,
    rate: float = 0.05,
) -> InputDrift:
    r"""Compare the features of new rows with those that the score has learned from.

    Parameters
    ----------
    train, new : pandas.DataFrame
        Features, prepared in the same way. Columns that only ``new`` has are not looked at.
    train_id, new_id : array_like, optional
        The record of each row; by default each row is a record of its own.
    rate : float
        Chance of a false alarm over all fields together.

    Returns
    -------
    InputDrift

    Raises
    ------
    ModelInputError
        If ``new`` lacks a field, or ids do not fit.
    NotEnoughDataError
        If one of the two has no row.

    Notes
    -----
    The population stability index of a field is :math:`\sum_j (q_j - p_j) \ln(q_j / p_j)` over its bins, p in training
    and q in the new rows, each bin with half a row more. Bins are the deciles of training for numbers (fewer where
    values repeat), the levels with 1 % of the training rows or more for texts, 20 at most, the rest in one bin, and one
    bin for what is missing. Without any move :math:`PSI / (1/n + 1/m)` is about :math:`\chi^2_{k-1}` for n and m
    records and k bins (Yurdakul, Statistical Properties of Population Stability Index, 2018); the bound is its upper
    ``rate`` divided by the number of fields (Bonferroni). As rows of one record are alike, n and m count records. A
    field has moved if its PSI is above the bound and above 0.1, much if above 0.25 (the industry's convention).
    """
    if missing := [str(name) for name in train if name not in new]:
        hint = did_you_mean(missing[0], map(str, new.columns))
        raise ModelInputError(
            f"the new rows lack {len(missing):,} fields of the training ({first_few(missing)}){hint}; "
            "prepare both alike"
        )
    if not len(train) or not len(new):
        raise NotEnoughDataError(
            f"{len(train):,} training rows and {len(new):,} new ones; a comparison takes some of each"
        )
    n, m = _count(train_id, len(train), "train_id"), _count(new_id, len(new), "new_id")
    judged = train[[name for name in train if name not in NOT_JUDGED]]
    columns = learn_columns(judged, min_count=max(1, int(np.ceil(_LEAST_SHARE * len(train)))), max_levels=_LEVELS)
    rows = [_compare(column, train[column.name], new[column.name], n, m, rate / len(columns)) for column in columns]
    names = ["field", "kind", "psi", "chance", "verdict", "train_missing", "new_missing", "how", "how_zh"]
    table = pd.DataFrame(rows, columns=names).sort_values("psi", ascending=False, kind="stable", ignore_index=True)
    return InputDrift(
        train_records=n,
        new_records=m,
        table=table,
        not_judged=tuple(str(name) for name in train if name in NOT_JUDGED),
        rate=rate,
    )


def _count(ids: ArrayLike | None, rows: int, name: str) -> int:
    if ids is None:
        return rows
    known = pd.Series(ids, dtype=object)
    if len(known) != rows:
        raise ModelInputError(f"{name} has {len(known):,} values for {rows:,} rows")
    return int(known.nunique())


def _compare(
    column: TextColumn | NumberColumn, train: pd.Series, new: pd.Series, n: int, m: int, rate: float
) -> dict[str, object]:
    if isinstance(column, NumberColumn):
        numbers = column.encode(train), column.encode(new)
        edges = _edges(numbers[0][~np.isnan(numbers[0])])
        codes = _bin(numbers[0], edges), _bin(numbers[1], edges)
        en, zh = _tell_numbers(*numbers)
    else:
        codes = column.encode(train), column.encode(new)
        en, zh = _tell_levels(column, *codes)
    psi, bins = _psi(*codes)
    chance = (1 / n + 1 / m) * float(chi2.isf(rate, bins - 1)) if bins > 1 else 0.0
    missing = [float((part == MISSING).mean()) for part in codes]
    if abs(missing[1] - missing[0]) >= 0.05:
        empty = f"{share(missing[0])} → {share(missing[1])}"
        en, zh = [*en, f"empty {empty}"], [*zh, f"空值 {empty}"]
    moved = psi > max(chance, MOVED)
    return {
        "field": column.name,
        "kind": "number" if isinstance(column, NumberColumn) else "text",
        "psi": psi,
        "chance": chance,
        "verdict": "steady" if not moved else "moved much" if psi > MOVED_MUCH else "moved",
        "train_missing": missing[0],
        "new_missing": missing[1],
        "how": join_words(en),
        "how_zh": join_words(zh, "zh"),
    }


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # One of the values, so that an edge lies on a value and not between two for no reason.
    return np.unique(np.quantile(values, np.arange(1, 10) / 10, method="inverted_cdf")) if len(values) else values


def _bin(values: NDArray[np.float64], edges: NDArray[np.float64]) -> IntArray:
    return np.where(np.isnan(values), MISSING, np.searchsorted(edges, values, side="left")).astype(np.int64)


def _psi(before: IntArray, after: IntArray) -> tuple[float, int]:
    """Return the PSI and the number of bins that hold a row of either."""
    counts = np.array(
        [np.bincount(codes + 1, minlength=int(max(before.max(), after.max())) + 2) for codes in (before, after)]
    )
    counts = counts[:, counts.sum(axis=0) > 0] + 0.5
    p, q = counts / counts.sum(axis=1, keepdims=True)
    return float(np.sum((q - p) * np.log(q / p))), counts.shape[1]


def _tell_numbers(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[list[str], list[str]]:
    before, after = before[~np.isnan(before)], after[~np.isnan(after)]
    if not len(before) or not len(after):
        return [], []
    middle = float(np.median(before)), float(np.median(after))
    # Counts are mostly zero: where the medians are one, the means tell more.
    means = middle[0] == middle[1]
    was, now = (float(before.mean()), float(after.mean())) if means else middle
    change = f"{_write(was)} → {_write(now)}"
    return [f"{'mean' if means else 'median'} {change}"], [f"{'均值' if means else '中位数'} {change}"]


def _tell_levels(
    column: TextColumn, before: NDArray[np.int64], after: NDArray[np.int64]
) -> tuple[list[str], list[str]]:
    size = len(column.levels) + 1
    shares = [np.bincount(codes[codes >= 0], minlength=size) / len(codes) for codes in (before, after)]
    change = shares[1] - shares[0]
    gained, lost = int(np.argmax(change)), int(np.argmin(change))
    told: tuple[list[str], list[str]] = ([], [])
    for level in (gained, lost):
        if change[level] != 0:
            moved = f"{share(shares[0][level])} → {share(shares[1][level])}"
            told[0].append(f"{column.levels[level - 1] if level else 'others'} {moved}")
            told[1].append(f"{column.levels[level - 1] if level else '其他'} {moved}")
    return told


def _write(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
