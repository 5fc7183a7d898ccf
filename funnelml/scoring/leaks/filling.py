"""When and for whom a field is filled: a field filled late, or for one outcome, was not known before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from funnelml.language import join_words, share
from funnelml.scoring.leaks.clock import Clock
from funnelml.scoring.leaks.evidence import Evidence
from funnelml.scoring.leaks.levels import Levels

FAR = 0.2
"""Difference of two shares of filled rows from which on it is called large."""
SWING = 0.3
"""The same between the tenths of the rows that are filled most and least."""
SURE = 4.0
"""Standard errors that a difference of two shares must have; of fifty fields none reaches them by chance."""
_TENTHS = 10
_OPEN_ROWS = 20
_FILLED_WHEN_CLOSED = 0.3

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


def compare_outcomes(filled: BoolArray, label: FloatArray, independent: float) -> Evidence | None:
    """Return that a field is filled far more often for one outcome: by 20 points and 4 standard errors.

    Parameters
    ----------
    filled, label : numpy.ndarray, shape (n,)
        Whether the field has a value, and what became of the row.
    independent : float
        Records for each row.
    """
    with_it, without = filled[label == 1], filled[label == 0]
    if not _differ(with_it, without, independent) or abs(with_it.mean() - without.mean()) < FAR:
        return None
    shares = share(with_it.mean()), share(without.mean())
    return Evidence(
        kind="filled_by_outcome",
        weight="hint",
        en=f"filled in {shares[0]} of the rows with the outcome and {shares[1]} of those without",
        zh=f"有结果的行中 {shares[0]} 已填写，没有结果的行中为 {shares[1]}",
    )


def compare_times(filled: BoolArray, clock: Clock, independent: float) -> Evidence | None:
    """Return that a field is filled late, or in some times and not in others.

    Rows are cut into tenths by the clock. ``filled_late``: the newest tenth, still being worked, is filled less than
    the other tenths (their median) by 20 points and 4 standard errors. Else, if two tenths lie 30 points apart and a
    chi-square test of equal shares has p < 0.000001: ``filled_in_spells`` if the shares both rise and fall by 20
    points along the tenths, as when someone fills a field in passes; ``filled_since`` if they go one way, as when a
    form changes.
    """
    if len(filled) < 30 * _TENTHS:
        return None
    tenths = [filled[rows] for rows in np.array_split(np.argsort(clock.time, kind="stable"), _TENTHS)]
    shares = np.array([t.mean() for t in tenths])
    rest = float(np.median(shares[:-1]))
    if clock.directed and rest - shares[-1] >= FAR and _differ(np.concatenate(tenths[:-1]), tenths[-1], independent):
        newest, before = share(shares[-1]), share(rest)
        return Evidence(
            kind="filled_late",
            weight="hint",
            en=f"filled late: in {newest} of the newest tenth of the rows, in {before} of a tenth before",
            zh=f"填写较晚：最新十分之一的行中 {newest} 已填写，此前的十分之一中为 {before}",
        )
    low, high, overall = shares.min(), shares.max(), filled.mean()
    if high - low < SWING:
        return None
    sizes = np.array([len(t) for t in tenths])
    distance = float((sizes * (shares - overall) ** 2).sum()) * independent / (overall * (1 - overall))
    if distance < chi2.isf(1e-6, _TENTHS - 1):
        return None
    ends = share(low), share(high)
    rise, fall = (shares - np.minimum.accumulate(shares)).max(), (np.maximum.accumulate(shares) - shares).max()
    spells = min(rise, fall) >= FAR
    how = (", in spells", "，时有时无") if spells else (", as after a change of the form", "，可能是表单变更所致")
    return Evidence(
        kind="filled_in_spells" if spells else "filled_since",
        weight="hint",
        en=f"filled in {ends[0]} to {ends[1]} of a tenth of the rows, {clock.describe()}{how[0]}",
        zh=f"{clock.describe('zh')}排序，各十分之一的行中 {ends[0]} 至 {ends[1]} 已填写{how[1]}",
    )


def compare_open(filled: BoolArray, filled_when_open: BoolArray, independent: float) -> Evidence | None:
    """Return that a field is not filled for open records, though it is for those whose outcome is known.

    A proof if the open share is under a fifth of the other, a hint if under half; with 20 open rows, 30 % filled rows
    of known outcome, and 4 standard errors.
    """
    if len(filled_when_open) < _OPEN_ROWS or filled.mean() < _FILLED_WHEN_CLOSED:
        return None
    ratio = filled_when_open.mean() / filled.mean()
    if ratio >= 0.5 or not _differ(filled, filled_when_open, independent):
        return None
    shares = share(filled.mean()), share(filled_when_open.mean())
    return Evidence(
        kind="empty_when_open",
        weight="proof" if ratio < 0.2 else "hint",
        en=f"filled in {shares[0]} of the rows with a known outcome but in {shares[1]} of {len(filled_when_open):,} "
        "open rows",
        zh=f"结果已知的行中 {shares[0]} 已填写，而 {len(filled_when_open):,} 行未结记录中只有 {shares[1]}",
    )


def find_filled_together(fields: Iterable[Levels]) -> Mapping[str, Evidence]:
    """Return, by field, that it is always filled and always empty together with others: a form, or one late step."""
    blocks: dict[bytes, list[str]] = {}
    for levels in fields:
        if 0.05 <= levels.filled.mean() <= 0.95:
            blocks.setdefault(hashlib.sha256(np.packbits(levels.filled).tobytes()).digest(), []).append(levels.name)
    told = {}
    for names in blocks.values():
        for name in names if len(names) > 1 else []:
            others = [n for n in names if n != name]
            told[name] = Evidence(
                kind="filled_together",
                weight="context",
                en=f"always filled together with {join_words(others)}",
                zh=f"总是与 {join_words(others, 'zh')} 同时填写",
            )
    return told


def _differ(first: BoolArray, second: BoolArray, independent: float) -> bool:
    n = len(first) * independent, len(second) * independent
    pooled = (first.sum() + second.sum()) / (len(first) + len(second))
    error = np.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
    return bool(abs(first.mean() - second.mean()) > SURE * error)
