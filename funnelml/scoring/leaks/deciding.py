"""Values of a field that decide the outcome: levels of which nearly all rows have one label.

A level decides if, by the 95 % Wilson bound, the other label's share of its rows is at most a tenth of that label's
share of all rows: where 2 % convert, a level with 1 % is nothing. How much a field decides is the share of each
label's rows that lie in such levels. A number that is normal with equal spread among both labels holds half of a
label's rows there only from an AUC of 0.93 on; a field that does so with less has values that were written with the
outcome in view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelml.language import Language, join_words, say, share
from funnelml.scoring.intervals import share_interval
from funnelml.scoring.leaks.evidence import Evidence
from funnelml.scoring.leaks.levels import EMPTY, Levels

_TIMES_RARER = 10
_MOST_NAMED = 3

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Deciding:
    """Levels that decide the outcome, and how much of each label they hold.

    Parameters
    ----------
    levels : tuple of int
        Codes, the largest level first.
    held : tuple of (float, float)
        Share of the rows with label 0, and with label 1, that lie in levels which decide for that label.
    """

    levels: tuple[int, ...]
    held: tuple[float, float]


def find_deciding(rows: FloatArray, positives: FloatArray, independent: float) -> Deciding:
    """Return the deciding levels among levels with these numbers of rows and positives (shape (k,))."""
    base = positives.sum() / rows.sum()
    _, low, high = share_interval(positives * independent, rows * independent, 0.95)
    with np.errstate(invalid="ignore"):
        for_0 = high <= base / _TIMES_RARER
        for_1 = 1 - low <= (1 - base) / _TIMES_RARER
    negatives = rows - positives
    held = float(negatives[for_0].sum() / negatives.sum()), float(positives[for_1].sum() / positives.sum())
    deciding = np.flatnonzero(for_0 | for_1)
    by_size = deciding[np.argsort(-rows[deciding], kind="stable")]
    return Deciding(levels=tuple(int(code) for code in by_size), held=held)


def find_deciding_levels(levels: Levels, label: FloatArray, independent: float) -> Evidence | None:
    """Return that values of a field decide the outcome.

    A proof if the deciding levels hold half of the rows with the rarer label, or 30 % of both labels on average and
    10 % of each; a hint if they hold 10 % of one label. It is of the kind ``empty_decides`` if to be empty is one of
    them, else ``decides``.
    """
    rows, positives = levels.count(label)
    found = find_deciding(rows, positives, independent)
    rarer = found.held[int(label.mean() < 0.5)]
    proof = rarer >= 0.5 or (sum(found.held) >= 0.6 and min(found.held) >= 0.1)
    if not proof and max(found.held) < 0.1:
        return None
    number, within = len(found.levels), share(rows[list(found.levels)].sum() / rows.sum())
    named = [_name_levels(levels, found, rows, positives, language) for language in ("en", "zh")]
    return Evidence(
        kind="empty_decides" if EMPTY in found.levels else "decides",
        weight="proof" if proof else "hint",
        en=f"{number:,} of its values almost {'decides' if number == 1 else 'decide'} the outcome ({named[0]}), "
        f"with {within} of the rows",
        zh=f"{number:,} 个取值几乎决定结果（{named[1]}），占 {within} 的行",
    )


def find_one_outcome(levels: Levels, label: FloatArray, independent: float) -> Evidence | None:
    """Return that a field is filled almost only for one outcome.

    All filled rows together decide for a label, and some rows are empty. A proof if they hold 20 % of that label's
    rows, a hint from 10 % on.
    """
    filled = levels.filled.astype(np.float64)
    rows = np.array([filled.sum(), len(filled) - filled.sum()])
    if rows.min() == 0:
        return None
    positives = np.array([(filled * label).sum(), ((1 - filled) * label).sum()])
    found = find_deciding(rows, positives, independent)
    if 0 not in found.levels:
        return None
    held = found.held[int(positives[0] > rows[0] / 2)]
    if held < 0.1:
        return None
    shares = share(positives[0] / rows[0], 1), share(positives[1] / rows[1], 1)
    return Evidence(
        kind="one_outcome",
        weight="proof" if held >= 0.2 else "hint",
        en=f"filled almost only for one outcome: of {rows[0]:,.0f} filled rows {shares[0]} have the outcome, of the "
        f"empty ones {shares[1]}",
        zh=f"几乎只在一种结果下填写：{rows[0]:,.0f} 行已填写的行中 {shares[0]} 有结果，空值行中为 {shares[1]}",
    )


def _name_levels(levels: Levels, found: Deciding, rows: FloatArray, positives: FloatArray, language: Language) -> str:
    told = []
    for code in found.levels[:_MOST_NAMED]:
        name, part, size = levels.describe(code, language), share(positives[code] / rows[code], 1), f"{rows[code]:,.0f}"
        told.append(say(language, en=f"{name}: {part} of {size} rows have it", zh=f"{name}：{size} 行中 {part} 有结果"))
    more = len(found.levels) - len(told)
    if more:
        told.append(say(language, en=f"{more:,} more", zh=f"另有 {more:,} 个"))
    return join_words(told, language)
